import type { Json } from "#lib/database/database.types.ts";
import { type CsvStream, csvStream } from "#lib/tables/write-csv.ts";
import type { ReportRepository } from "./repository.ts";

/** Rows per statement: about 150 KB, and far less than the 8 s that a statement may take. */
const PAGE = 2_000;

/** All rows of a report as CSV. Memory holds one page of rows at a time. */
export const csvOf = (
  reports: Pick<ReportRepository, "rows">,
  reportId: string,
  columns: readonly string[],
  signal: AbortSignal,
): CsvStream => csvStream(columns, rowsOf(reports, reportId), signal);

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
