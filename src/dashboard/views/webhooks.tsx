import { Page } from "#dashboard/components/page.tsx";
import { Pages } from "#dashboard/components/pages.tsx";
import { Empty } from "#dashboard/components/states.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import type { Endpoint, PageOf } from "#dashboard/types.ts";
import type { ViewProps } from "#dashboard/views/index.ts";
import { Catalog } from "#dashboard/views/webhooks/catalog.tsx";
import { EndpointDetails } from "#dashboard/views/webhooks/details.tsx";
import { ENDPOINT_COLUMNS } from "#dashboard/views/webhooks/endpoint-columns.tsx";
import { NewEndpoint } from "#dashboard/views/webhooks/new-endpoint.tsx";
import { Snippets } from "#dashboard/views/webhooks/snippets-card.tsx";
import "./webhooks.css";

const SHOWN = "20";

/** Endpoints that receive webhooks. They are made, watched and tested here, and their messages are replayed. */
export function Webhooks({ id, query }: ViewProps) {
  return id === undefined ? <EndpointList query={query} /> : <EndpointDetails id={id} query={query} />;
}

function EndpointList({ query }: Pick<ViewProps, "query">) {
  const cursor = query.get("cursor");
  const path = withQuery("/api/webhook-endpoints", { limit: SHOWN, cursor });
  const endpoints = useApi<PageOf<Endpoint>>(path);
  return (
    <Page title="Webhooks out">
      <NewEndpoint onChange={endpoints.reload} />
      <Pages
        of={endpoints}
        what="endpoints"
        caption="Webhook endpoints"
        columns={ENDPOINT_COLUMNS}
        empty={
          <Empty icon="external" title="No endpoint yet">
            Enter an https address of yours. It receives the events that you choose.
          </Empty>
        }
      />
      <Catalog />
      <Snippets />
    </Page>
  );
}
