import { Fragment, type ReactNode } from "react";
import type { ApiState } from "#dashboard/hooks/use-api.ts";
import { useHashRoute, withQuery } from "#dashboard/hooks/use-hash-route.ts";
import type { PageOf } from "#dashboard/types.ts";
import { Pager } from "./pager.tsx";
import { ErrorNote, Loading } from "./states.tsx";
import { Table, type TableProps } from "./table.tsx";

type PagesProps<Row> = {
  of: ApiState<PageOf<Row>>;
  /** What the rows are: "reports". */
  what: string;
  /** Shown when there is no row. */
  empty: ReactNode;
  /** How many lines are drawn while the page loads. */
  lines?: number;
  /** The words of the links to the first page and to the next one. */
  words?: readonly [string, string];
} & (
  | Pick<TableProps<Row>, "caption" | "columns" | "isLinked">
  /** Renders one row as a card, for a list that is not a table. */
  | { children: (row: Row) => ReactNode }
);

/**
 * One page of a list: its rows, or a note that the page is loading, is empty or has failed. Below are links to the
 * first and the next page; each page has its own address.
 */
export function Pages<Row extends { id: string | number }>({
  of: { data, problem, isLoading, reload },
  what,
  empty,
  lines = 5,
  words: [first, next] = ["Newest", "Older"],
  ...look
}: PagesProps<Row>) {
  const { name, id, query } = useHashRoute();
  const here = id === undefined ? `#/${name}` : `#/${name}/${id}`;
  const show = (cursor: string | null) => withQuery(here, { ...Object.fromEntries(query), cursor });
  const rows = data?.items ?? [];
  return (
    <>
      {problem && <ErrorNote problem={problem} onRetry={reload} />}
      {isLoading && !data && <Loading rows={lines} what={`Loading the ${what}`} />}
      {data && rows.length === 0 && empty}
      {rows.length > 0 &&
        ("columns" in look ? (
          <Table {...look} rows={rows} keyOf={(row) => String(row.id)} isBusy={isLoading} />
        ) : (
          <div className="stack">
            {rows.map((row) => (
              <Fragment key={row.id}>{look.children(row)}</Fragment>
            ))}
          </div>
        ))}
      <Pager
        label={`Pages of ${what}`}
        steps={[
          query.get("cursor") && { text: first, href: show(null) },
          data?.nextCursor && { text: next, href: show(data.nextCursor) },
        ]}
      />
    </>
  );
}
