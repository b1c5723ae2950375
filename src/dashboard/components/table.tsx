import type { ReactNode } from "react";
import { scrolling } from "#dashboard/components/scrolling.ts";
import "./table.css";

export type Column<Row> = {
  head: string;
  cell: (row: Row) => ReactNode;
  /** Whether the column contains numbers, which are aligned at the end. */
  align?: "end";
  /** Whether the column is as narrow as its content. */
  tight?: boolean;
  hideOnPhone?: boolean;
  /** Whether the column is shown only on wide screens. */
  onlyWide?: boolean;
};

export type TableProps<Row> = {
  /** What the table shows, for screen readers. */
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  isBusy?: boolean;
  /** Whether a click anywhere in a row follows the first link of its heading. */
  isLinked?: boolean;
};

/** A table. The first column is the heading of each row. */
export function Table<Row>({
  caption,
  columns,
  rows,
  keyOf,
  isBusy = false,
  isLinked = false,
}: TableProps<Row>) {
  return (
    <section
      className={isLinked ? "table linked" : "table"}
      aria-busy={isBusy}
      // The table scrolls sideways on a small screen.
      {...scrolling(caption)}
    >
      <table>
        <caption className="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.head} scope="col" className={classOf(column)}>
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column, n) =>
                n === 0 ? (
                  <th key={column.head} scope="row" className={classOf(column)}>
                    {column.cell(row)}
                  </th>
                ) : (
                  <td key={column.head} className={classOf(column)}>
                    {column.cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const classOf = <Row,>({ align, tight, hideOnPhone, onlyWide }: Column<Row>): string | undefined =>
  [align, tight && "tight", hideOnPhone && "not-on-phone", onlyWide && "only-wide"]
    .filter(Boolean)
    .join(" ") || undefined;
