import { Page } from "#dashboard/components/page.tsx";
import { Pages } from "#dashboard/components/pages.tsx";
import { Empty } from "#dashboard/components/states.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import type { Import, PageOf } from "#dashboard/types.ts";
import { ImportCard } from "#dashboard/views/imports/card.tsx";
import { ImportDetails } from "#dashboard/views/imports/details.tsx";
import { NewImport } from "#dashboard/views/imports/new-import.tsx";
import { isOfImports } from "#dashboard/views/imports/words.ts";
import type { ViewProps } from "#dashboard/views/index.ts";
import "./imports.css";

const SHOWN = "10";

/** Imports. Here people choose, check and import files, and undo imports. */
export function Imports({ id, query }: ViewProps) {
  return id === undefined ? <ImportList query={query} /> : <ImportDetails id={id} />;
}

function ImportList({ query }: Pick<ViewProps, "query">) {
  const cursor = query.get("cursor");
  const path = withQuery("/api/imports", { limit: SHOWN, cursor });
  const imports = useApi<PageOf<Import>>(path, { isNews: isOfImports });
  return (
    <Page title="Imports">
      <NewImport listId={query.get("list")} />
      <Pages
        of={imports}
        what="imports"
        empty={
          <Empty icon="table" title="No import yet">
            Choose a file: its format is detected, and nothing is written before you start the import.
          </Empty>
        }
      >
        {(item) => <ImportCard item={item} />}
      </Pages>
    </Page>
  );
}
