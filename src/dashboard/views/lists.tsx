import { Page } from "#dashboard/components/page.tsx";
import { Pages } from "#dashboard/components/pages.tsx";
import { Empty } from "#dashboard/components/states.tsx";
import type { Column } from "#dashboard/components/table.tsx";
import { TimeAgo } from "#dashboard/components/time.tsx";
import { count } from "#dashboard/format.ts";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import type { List, PageOf } from "#dashboard/types.ts";
import type { ViewProps } from "./index.ts";
import { ListDetails } from "./lists/details.tsx";
import { NewList } from "./lists/new-list.tsx";
import { Person } from "./lists/person.tsx";
import "./lists.css";

const SHOWN = "20";

/** Mailing lists. Here people make them, fill them by imports, and search them; `?person=<id>` shows one subscriber. */
export function Lists({ id, query }: ViewProps) {
  const person = query.get("person");
  if (id === undefined) return <AllLists query={query} />;
  return person === null ? (
    <ListDetails id={id} query={query} />
  ) : (
    <Person key={person} listId={id} id={person} />
  );
}

function AllLists({ query }: Pick<ViewProps, "query">) {
  const cursor = query.get("cursor");
  const path = withQuery("/api/lists", { limit: SHOWN, cursor, counts: "true" });
  // The server reads every subscriber to count them, so the page fetches the counts only once for each visit.
  const lists = useApi<PageOf<List>>(path, {
    everyMs: Number.POSITIVE_INFINITY,
  });
  return (
    <Page title="Lists">
      <NewList />
      <Pages
        of={lists}
        what="lists"
        caption="Mailing lists, newest first"
        columns={COLUMNS}
        isLinked
        empty={
          <Empty icon="people" title="No list yet">
            Make one, and import its subscribers from a file.
          </Empty>
        }
      />
    </Page>
  );
}

const COLUMNS: readonly Column<List>[] = [
  {
    head: "List",
    cell: ({ id, name }) => (
      <a className="address" href={`#/lists/${id}`} dir="auto">
        {name}
      </a>
    ),
  },
  { head: "Subscribers", align: "end", tight: true, cell: Subscribers },
  { head: "Made", tight: true, hideOnPhone: true, cell: ({ createdAt }) => <TimeAgo at={createdAt} /> },
];

function Subscribers({ subscribers }: List) {
  if (subscribers === null) return null;
  const { active, ...others } = subscribers;
  const left = Object.values(others).reduce((sum, n) => sum + n, 0);
  return (
    <>
      {count(active)}
      {left > 0 && <small>{count(left)} get no mail</small>}
    </>
  );
}
