import { Page } from "#dashboard/components/page.tsx";
import { Empty, ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import type { Endpoint, PageOf } from "#dashboard/types.ts";
import type { ViewProps } from "#dashboard/views/index.ts";
import { Pager } from "#dashboard/views/pager.tsx";
import { Catalog } from "#dashboard/views/webhooks/catalog.tsx";
import { EndpointDetails } from "#dashboard/views/webhooks/details.tsx";
import { EndpointTable } from "#dashboard/views/webhooks/endpoint-table.tsx";
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
  const { data, problem, isLoading, reload } = useApi<PageOf<Endpoint>>(path);
  return (
    <Page title="Webhooks out">
      <NewEndpoint onChange={reload} />
      {problem && <ErrorNote problem={problem} onRetry={reload} />}
      {isLoading && !data && <Loading what="Loading the endpoints" />}
      {data?.items.length === 0 && (
        <Empty icon="external" title="No endpoint yet">
          Enter an https address of yours. It receives the events that you choose.
        </Empty>
      )}
      {data && data.items.length > 0 && <EndpointTable endpoints={data.items} />}
      <Pager
        label="Pages of endpoints"
        steps={[
          cursor && { text: "Newest", href: "#/webhooks" },
          data?.nextCursor && { text: "Older", href: withQuery("#/webhooks", { cursor: data.nextCursor }) },
        ]}
      />
      <Catalog />
      <Snippets />
    </Page>
  );
}
