import { api, Problem } from "#dashboard/api.ts";
import { confirm } from "#dashboard/components/dialog.tsx";
import { toast } from "#dashboard/components/toasts.tsx";
import { focusNeighbor } from "#dashboard/focus.ts";
import { count, exact } from "#dashboard/format.ts";
import { useAction } from "#dashboard/hooks/use-action.ts";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import type { Campaign, CampaignPreview, ListDetails } from "#dashboard/types.ts";
import { expectOutcome } from "#dashboard/views/outcomes/watch.ts";

/** "2026-12-24T09:00", in the reader's time zone, or "" for now. */
type SendAt = { sendAt: string };
export type SendProps = { campaign: Pick<Campaign, "id" | "name" | "listId">; onChange: () => void };

/** Sends what the preview showed. The API refuses when something has changed since the preview. */
export function SendButton({
  campaign: { id, name, listId },
  preview: { hash, recipients },
  sendAt,
  onChange,
}: SendProps & SendAt & { preview: CampaignPreview }) {
  const { run, isBusy } = useAction(async () => {
    const at = instantOf(sendAt);
    const list = await api.get<ListDetails>(`/api/lists/${listId}`);
    const answer = await confirm({
      title: `Send “${name}” to ${count(recipients)} recipients?`,
      text:
        `It is sent ${at === null ? "now" : `on ${exact(at)}`} to ${count(recipients)} active subscribers of the list ` +
        `“${list.name}”, and cannot be changed any more.`,
      yes: `Send to ${count(recipients)}`,
      no: "Not yet",
    });
    if (answer === null) return;
    try {
      const path = withQuery(`/api/campaigns/${id}/send`, { previewHash: hash, sendAt: at });
      const { jobId } = await api.post<{ jobId: string }>(path);
      expectOutcome(jobId, name);
      toast({ tone: "info", text: `Queued: ${name}`, href: `#/jobs/${jobId}` });
      focusNeighbor(null);
    } finally {
      // A refusal means that something has changed, so the preview is no longer valid.
      onChange();
    }
  });
  return (
    <button type="button" className="primary" aria-disabled={isBusy} onClick={() => run()}>
      Send
    </button>
  );
}

/** The API sends at once when the time passed less than ten minutes ago, so the page refuses each time that has passed. */
function instantOf(sendAt: string): string | null {
  if (sendAt === "") return null;
  const at = Date.parse(sendAt);
  if (at > Date.now()) return new Date(at).toISOString();
  throw new Problem({
    status: 400,
    code: "page",
    detail: "The time in “Send at” is not in the future",
    hint: "Choose a later time, or empty the field to send now.",
  });
}
