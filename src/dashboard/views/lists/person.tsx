import { Badge } from "#dashboard/components/badge.tsx";
import { Card } from "#dashboard/components/card.tsx";
import { type Fact, Facts } from "#dashboard/components/facts.tsx";
import { Page } from "#dashboard/components/page.tsx";
import { ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { type Column, Table } from "#dashboard/components/table.tsx";
import { TimeAgo } from "#dashboard/components/time.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import type { SubscriberHistory } from "#dashboard/types.ts";
import { Erase } from "./erase.tsx";
import { toneOfSubscriber } from "./words.ts";

type PersonProps = { listId: string; id: string };
type Mail = SubscriberHistory["mails"][number];
type Suppression = SubscriberHistory["suppressions"][number];

/** What happened to one subscriber: fields, mails with what the provider reported, and consent. */
export function Person({ listId, id }: PersonProps) {
  const path = `/api/lists/${listId}/subscribers/${encodeURIComponent(id)}`;
  const { data: person, problem, isLoading, reload } = useApi<SubscriberHistory>(`${path}/history`);
  return (
    <Page
      title={person?.email ?? "Subscriber"}
      back={{ href: `#/lists/${listId}`, text: "The list" }}
      beside={person && <Badge status={person.status} tone={toneOfSubscriber(person.status)} />}
      actions={person && <Erase path={path} email={person.email} listId={listId} />}
    >
      {problem && <ErrorNote problem={problem} onRetry={reload} />}
      {isLoading && !person && <Loading />}
      {person && (
        <>
          <Card title="Fields">
            <Facts facts={factsOf(person)} />
          </Card>
          <Card title="Mails" flush>
            {person.mails.length === 0 ? (
              <p className="quiet none">No campaign of this list was sent to this address.</p>
            ) : (
              <Table caption="Mails, newest first" columns={MAILS} rows={person.mails} keyOf={keyOfMail} />
            )}
          </Card>
          <Card title="Consent" flush>
            {person.suppressions.length === 0 ? (
              <p className="quiet none">No suppression applies to this address.</p>
            ) : (
              <Table
                caption="Suppressions"
                columns={SUPPRESSIONS}
                rows={person.suppressions.map((one, n) => ({ ...one, n }))}
                keyOf={({ n }) => String(n)}
              />
            )}
          </Card>
        </>
      )}
    </Page>
  );
}

const factsOf = ({ fields, createdAt }: SubscriberHistory): Fact[] => [
  ...Object.entries(fields).map(([name, value]) => ({
    name,
    value: <span dir="auto">{typeof value === "string" ? value : JSON.stringify(value)}</span>,
  })),
  { name: "Added", value: <TimeAgo at={createdAt} /> },
];

const keyOfMail = ({ campaignId }: Mail): string => campaignId;
const MAILS: readonly Column<Mail>[] = [
  {
    head: "Campaign",
    cell: ({ campaignId, name }) => (
      <a className="address" href={`#/campaigns/${campaignId}`} dir="auto">
        {name}
      </a>
    ),
  },
  { head: "Status", tight: true, cell: (mail) => <MailStatus mail={mail} /> },
  {
    head: "Reported",
    tight: true,
    cell: ({ reported }) => (reported === null ? "–" : reported.replaceAll("_", " ")),
  },
  { head: "Queued", tight: true, hideOnPhone: true, cell: ({ queuedAt }) => <TimeAgo at={queuedAt} /> },
];

const MailStatus = ({ mail: { status, errorCode } }: { mail: Mail }) => (
  <>
    <Badge status={status} />
    {errorCode !== null && <small>{errorCode}</small>}
  </>
);

const SCOPES: Record<Suppression["scope"], string> = {
  all: "all mail",
  list: "this list",
  stream: "mails of one kind",
};
const SUPPRESSIONS: readonly Column<Suppression & { n: number }>[] = [
  { head: "Reason", cell: ({ reason }) => reason.replaceAll("_", " ") },
  { head: "Holds back", cell: ({ scope, stream }) => stream ?? SCOPES[scope] },
  {
    head: "Since",
    tight: true,
    hideOnPhone: true,
    cell: ({ suppressedAt }) => <TimeAgo at={suppressedAt} />,
  },
  {
    head: "Lifted",
    tight: true,
    cell: ({ isActive, liftedAt }) =>
      isActive ? <Badge status="suppressed">in force</Badge> : <TimeAgo at={liftedAt} />,
  },
];
