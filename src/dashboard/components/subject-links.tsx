import { fieldsOf } from "#dashboard/fields.ts";

/** For each field of an event's data that contains an id: the page that shows the item with that id. */
const SUBJECTS = [
  { field: "campaignId", view: "campaigns", text: "Campaign" },
  { field: "importId", view: "imports", text: "Import" },
  { field: "reportId", view: "reports", text: "Report" },
  { field: "endpointId", view: "webhooks", text: "Webhook endpoint" },
  { field: "webhookId", view: "webhook-inbox", text: "Webhook" },
  { field: "jobId", view: "jobs", text: "Job" },
  { field: "parentJobId", view: "jobs", text: "Parent job" },
] as const;

/** Links from the data of an event to the pages of the items whose ids the data contains. */
export function SubjectLinks({ data }: { data: unknown }) {
  const fields = fieldsOf(data);
  return SUBJECTS.map(({ field, view, text }) => {
    const id = fields.get(field);
    return (
      typeof id === "string" && (
        <a key={field} href={`#/${view}/${encodeURIComponent(id)}`}>
          {text}
        </a>
      )
    );
  });
}
