import { Page } from "#dashboard/components/page.tsx";
import { Pages } from "#dashboard/components/pages.tsx";
import { Segmented } from "#dashboard/components/segmented.tsx";
import { Empty } from "#dashboard/components/states.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import type { Alert, PageOf } from "#dashboard/types.ts";
import { AlertCard } from "#dashboard/views/alerts/card.tsx";
import type { ViewProps } from "#dashboard/views/index.ts";
import "./alerts.css";

const STATUSES = [
  { value: "open", text: "Open" },
  { value: "acknowledged", text: "Acknowledged" },
  { value: "resolved", text: "Resolved" },
  { value: "any", text: "All" },
] as const;
type Status = (typeof STATUSES)[number]["value"];

/** The current and past alerts of the installation. */
export function Alerts({ query }: ViewProps) {
  const status = STATUSES.find(({ value }) => value === query.get("status"))?.value ?? "open";
  const asked = { status: status === "any" ? null : status, cursor: query.get("cursor"), limit: "20" };
  const alerts = useApi<PageOf<Alert>>(withQuery("/api/alerts", asked));
  const show = (values: Record<string, string | null>) => withQuery("#/alerts", { status, ...values });

  if (alerts.problem?.status === 403) return <AdminsOnly />;
  return (
    <Page
      title="Alerts"
      actions={
        <Segmented
          label="Status"
          options={STATUSES}
          value={status}
          onChange={(value) => {
            location.hash = show({ status: value });
          }}
        />
      }
    >
      <Pages of={alerts} what="alerts" empty={<NothingHere status={status} />}>
        {(alert) => <AlertCard alert={alert} onChange={alerts.reload} />}
      </Pages>
    </Page>
  );
}

function NothingHere({ status }: { status: Status }) {
  if (status !== "open") return <Empty title="None yet" />;
  return (
    <Empty icon="check" title="No open alerts">
      The monitor runs every five minutes, and sends a message to Slack when something is wrong.
    </Empty>
  );
}

const AdminsOnly = () => (
  <Page title="Alerts">
    <Empty icon="key" title="This page is for administrators">
      Alerts are about the work of all owners. Open the page with an admin key.
    </Empty>
  </Page>
);
