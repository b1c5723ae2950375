import { AdminsOnlyPage } from "#dashboard/components/admins-only.tsx";
import { Badge } from "#dashboard/components/badge.tsx";
import { Card } from "#dashboard/components/card.tsx";
import { type Fact, Facts } from "#dashboard/components/facts.tsx";
import { Json } from "#dashboard/components/json.tsx";
import { Page } from "#dashboard/components/page.tsx";
import { ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { SubjectLinks } from "#dashboard/components/subject-links.tsx";
import { TimeAgo } from "#dashboard/components/time.tsx";
import { count, exact } from "#dashboard/format.ts";
import { useAction } from "#dashboard/hooks/use-action.ts";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { idOf } from "#dashboard/hooks/use-hash-route.ts";
import type { InboxDetails } from "#dashboard/types.ts";
import { replayOne } from "./replay.ts";
import { isOfWebhooks, MEANINGS, REPLAYED } from "./words.ts";

const BACK = { href: "#/webhook-inbox", text: "All received webhooks" };

/** One received webhook. Its body contains personal data, so only administrators see it. */
export function WebhookDetails({ id }: { id: string }) {
  const path = `/api/webhook-inbox/${id}`;
  const { data, problem, isLoading, reload } = useApi<InboxDetails>(path, { isNews: isOfWebhooks });
  if (problem?.status === 403) return <AdminsOnlyPage title="Received webhook" />;
  return (
    <Page
      title={data?.type ?? "Received webhook"}
      back={BACK}
      beside={data && <Badge status={data.status} />}
      actions={data?.isHandled && REPLAYED.includes(data.status) && <ReplayButton webhook={data} />}
    >
      {problem && <ErrorNote problem={problem} onRetry={reload} />}
      {isLoading && !data && <Loading />}
      {data && (
        <>
          <Card>
            <p>{MEANINGS[data.status]}</p>
            <Facts facts={factsOf(data)} />
          </Card>
          <Card title="Headers">
            <Facts facts={headersOf(data)} />
          </Card>
          <Card title="Body">
            <p className="quiet small">{sizeOf(data)}</p>
            <Json label="Body" value={parsed(data.body)} />
          </Card>
        </>
      )}
    </Page>
  );
}

function ReplayButton({ webhook }: { webhook: InboxDetails }) {
  const { run, isBusy } = useAction(() => replayOne(webhook));
  return (
    <button type="button" aria-disabled={isBusy} onClick={() => run()}>
      Replay
    </button>
  );
}

function factsOf({ source, externalId, object, occurredAt, receivedAt, handledAt, links }: InboxDetails) {
  const facts: Fact[] = [
    { name: "Source", value: source },
    { name: "Id at the source", value: <code className="address">{externalId}</code> },
    { name: "About", value: <code className="address">{object}</code> },
    { name: "Received", value: <TimeAgo at={receivedAt} /> },
    { name: "Handled", value: <TimeAgo at={handledAt} /> },
  ];
  if (occurredAt !== null) facts.push({ name: "Happened", value: exact(occurredAt) });
  if (links.job !== null)
    facts.push({ name: "Handled by", value: <SubjectLinks data={{ jobId: idOf(links.job) }} /> });
  return facts;
}

const headersOf = ({ headers }: InboxDetails): Fact[] =>
  Object.entries(headers).map(([name, value]) => ({ name, value: <code className="address">{value}</code> }));

const sizeOf = ({ body, bodyBytes }: InboxDetails): string => {
  const isCut = new TextEncoder().encode(body).length < bodyBytes;
  return `${count(bodyBytes)} bytes${isCut ? ", of which the beginning is shown" : ""}`;
};

/** A body that was cut, or that is not JSON, is shown as text. */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
