import { AdminsOnlyPage } from "#dashboard/components/admins-only.tsx";
import { Badge } from "#dashboard/components/badge.tsx";
import { type FilterField, Filters } from "#dashboard/components/filters.tsx";
import { Page } from "#dashboard/components/page.tsx";
import { Pages } from "#dashboard/components/pages.tsx";
import { Empty } from "#dashboard/components/states.tsx";
import type { Column } from "#dashboard/components/table.tsx";
import { TimeAgo } from "#dashboard/components/time.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import type { InboxWebhook, PageOf, WebhookType } from "#dashboard/types.ts";
import type { ViewProps } from "./index.ts";
import { WebhookDetails } from "./webhook-inbox/details.tsx";
import { ReplayForm } from "./webhook-inbox/replay-form.tsx";
import { isOfWebhooks, STATUSES } from "./webhook-inbox/words.ts";
import "./webhooks.css";

const VIEW = "webhook-inbox";
const TITLE = "Webhooks in";
const SHOWN = "20";

/** The webhooks that providers have sent us. */
export function WebhookInbox({ id, query }: ViewProps) {
  return id === undefined ? <InboxList query={query} /> : <WebhookDetails id={id} />;
}

function InboxList({ query }: Pick<ViewProps, "query">) {
  const filters = Object.fromEntries(query);
  const path = withQuery("/api/webhook-inbox", { ...filters, limit: SHOWN });
  const webhooks = useApi<PageOf<InboxWebhook>>(path, { isNews: isOfWebhooks });
  const { data: found } = useApi<{ items: WebhookType[] }>("/api/webhook-inbox/types");
  if (webhooks.problem?.status === 403) return <AdminsOnlyPage title={TITLE} />;
  return (
    <Page title={TITLE}>
      <Filters view={VIEW} fields={fieldsFor(found?.items ?? [], query)} query={query} />
      <Pages
        of={webhooks}
        what="webhooks"
        caption="Received webhooks, newest first"
        columns={COLUMNS}
        isLinked
        empty={
          <Empty icon="inbox" title={query.size === 0 ? "No webhook yet" : "No webhook matches"}>
            {query.size === 0 && "What Stripe, GitHub and Resend send appears here."}
          </Empty>
        }
      />
      {found && <ReplayForm types={found.items.filter(({ isHandled }) => isHandled)} query={query} />}
    </Page>
  );
}

/** The filters offer the values that exist, and also the value in the address. */
function fieldsFor(found: readonly WebhookType[], query: URLSearchParams): readonly FilterField[] {
  const source = query.get("source");
  const listOf = (name: string, values: readonly string[]) => [
    ...new Set([...values, query.get(name) ?? ""].filter(Boolean)),
  ];
  const ofSource = found.filter((one) => source === null || one.source === source);
  return [
    {
      name: "source",
      label: "Source",
      options: listOf(
        "source",
        found.map((one) => one.source),
      ),
    },
    {
      name: "type",
      label: "Type",
      options: listOf(
        "type",
        ofSource.map((one) => one.type),
      ),
    },
    { name: "status", label: "Status", options: STATUSES },
  ];
}

const COLUMNS: readonly Column<InboxWebhook>[] = [
  {
    head: "Type",
    cell: ({ id, type }) => (
      <a className="address" href={`#/${VIEW}/${id}`}>
        {type}
      </a>
    ),
  },
  { head: "Source", tight: true, cell: ({ source }) => source },
  { head: "Status", tight: true, cell: ({ status }) => <Badge status={status} /> },
  { head: "Id", hideOnPhone: true, cell: ({ externalId }) => <code className="address">{externalId}</code> },
  { head: "Received", tight: true, cell: ({ receivedAt }) => <TimeAgo at={receivedAt} /> },
];
