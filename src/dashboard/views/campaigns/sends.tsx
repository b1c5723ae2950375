import { Badge } from "#dashboard/components/badge.tsx";
import { Pages } from "#dashboard/components/pages.tsx";
import { Empty } from "#dashboard/components/states.tsx";
import type { Column } from "#dashboard/components/table.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import type { Campaign, PageOf, Send } from "#dashboard/types.ts";
import { Counts } from "#dashboard/views/campaigns/counts.tsx";
import { isNewsFor, whyNoSends } from "#dashboard/views/campaigns/progress.ts";
import { Resolve } from "#dashboard/views/campaigns/resolve.tsx";

const SHOWN = "50";

type SendsProps = { campaign: Campaign; query: URLSearchParams; onChange: () => void };

/** The outcome for each recipient. */
export function Sends({ campaign, query, onChange }: SendsProps) {
  const [status, cursor] = [query.get("status"), query.get("cursor")];
  const path = withQuery(`/api/campaigns/${campaign.id}/sends`, { status, cursor, limit: SHOWN });
  const sends = useApi<PageOf<Send>>(path, {
    isNews: (change) => isNewsFor(change, campaign),
  });
  const changed = () => {
    sends.reload();
    onChange();
  };
  return (
    <section className="stack" aria-label="Sends">
      <Counts campaign={campaign} current={status} />
      <Pages
        of={sends}
        what="sends"
        words={["First", "Next"]}
        lines={8}
        caption="Sends"
        columns={columnsOf(campaign, changed)}
        empty={
          <Empty icon="mail" title={status === null ? whyNoSends(campaign.status) : `No send is ${status}`} />
        }
      />
    </section>
  );
}

const COLUMNS: readonly Column<Send>[] = [
  { head: "Recipient", cell: ({ email }) => <span className="address">{email}</span> },
  { head: "Status", cell: (send) => <Outcome send={send} />, tight: true },
  { head: "Attempts", cell: ({ attempts }) => attempts, align: "end", tight: true, hideOnPhone: true },
  { head: "Provider and notes", cell: (send) => <Notes send={send} />, hideOnPhone: true },
];

/** When some sends have an unknown outcome, the last column has buttons to resolve these sends. */
const columnsOf = ({ id, counts }: Campaign, onChange: () => void): readonly Column<Send>[] =>
  counts.unknown === 0
    ? COLUMNS
    : [
        ...COLUMNS,
        {
          head: "Settle",
          cell: (send) => <Resolve campaignId={id} send={send} onChange={onChange} />,
          tight: true,
        },
      ];

const Outcome = ({ send: { status, errorCode } }: { send: Send }) => (
  <>
    <Badge status={status} />
    {errorCode !== null && <small>{errorCode}</small>}
  </>
);

const Notes = ({ send: { providerMessageId, note } }: { send: Send }) => (
  <>
    {providerMessageId !== null && <code className="quiet">{providerMessageId}</code>}
    {note && <small>{note}</small>}
  </>
);
