import { Page } from "#dashboard/components/page.tsx";
import { Empty, ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import type { Import, PageOf } from "#dashboard/types.ts";
import { ImportCard } from "#dashboard/views/imports/card.tsx";
import { ImportDetails } from "#dashboard/views/imports/details.tsx";
import { NewImport } from "#dashboard/views/imports/new-import.tsx";
import { isOfImports } from "#dashboard/views/imports/words.ts";
import type { ViewProps } from "#dashboard/views/index.ts";
import { Pager } from "#dashboard/views/pager.tsx";
import "./imports.css";

const SHOWN = "10";

/** Imports. Here people choose, check and import files, and undo imports. */
export function Imports({ id, query }: ViewProps) {
  return id === undefined ? <ImportList query={query} /> : <ImportDetails id={id} />;
}

function ImportList({ query }: Pick<ViewProps, "query">) {
  const cursor = query.get("cursor");
  const path = withQuery("/api/imports", { limit: SHOWN, cursor });
  const { data, problem, isLoading, reload } = useApi<PageOf<Import>>(path, { isNews: isOfImports });
  return (
    <Page title="Imports">
      <NewImport listId={query.get("list")} />
      {problem && <ErrorNote problem={problem} onRetry={reload} />}
      {isLoading && !data && <Loading what="Loading the imports" />}
      {data?.items.length === 0 && (
        <Empty icon="table" title="No import yet">
          Choose a file: its format is detected, and nothing is written before you start the import.
        </Empty>
      )}
      <div className="stack">
        {data?.items.map((item) => (
          <ImportCard key={item.id} item={item} />
        ))}
      </div>
      <Pager
        label="Pages of imports"
        steps={[
          cursor && { text: "Newest", href: "#/imports" },
          data?.nextCursor && { text: "Older", href: withQuery("#/imports", { cursor: data.nextCursor }) },
        ]}
      />
    </Page>
  );
}
