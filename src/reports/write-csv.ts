import type { Json } from "#lib/database/database.types.ts";
import { type CsvStream, csvStream } from "#lib/tables/write-csv.ts";
import type { Column } from "./document.ts";
import type { ReportRepository } from "./repository.ts";

/** One statement reads so many rows: some 150 KB, far below its 8 s. */
const PAGE = 2_000;

/** All rows of a report as CSV. One page of rows is in memory at a time. */
export const csvOf = (
  reports: Pick<ReportRepository, "rows">,
  reportId: string,
  columns: readonly Column[],
  signal: AbortSignal,
): CsvStream =>
  csvStream(
    columns.map(({ label }) => label),
    rowsOf(reports, reportId),
    signal,
  );

async function* rowsOf(reports: Pick<ReportRepository, "rows">, reportId: string) {
  let after: Json = null;
  for (;;) {
    const page = await reports.rows(reportId, after, PAGE);
    for (const [, cells] of page) yield cells;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last[0];
  }
}
