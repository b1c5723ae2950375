import { AppError } from "#lib/errors.ts";
import { type CsvStream, csvStream } from "#lib/tables/write-csv.ts";
import type { ReportRepository } from "./repository.ts";

type Reports = Pick<ReportRepository, "page">;

/** All rows of one snapshot as CSV. Only one page of rows is in memory at a time. */
export const csvOf = (
  reports: Reports,
  snapshot: { id: string; pages: number },
  columns: readonly string[],
  signal: AbortSignal,
): CsvStream => csvStream(columns, rowsOf(reports, snapshot), signal);

async function* rowsOf(reports: Reports, { id, pages }: { id: string; pages: number }) {
  for (let page = 0; page < pages; page++) {
    const rows = await reports.page(id, page);
    if (rows === null)
      throw new AppError(
        "internal",
        "The copied rows of this report were deleted: another try or an erasure needed it",
      );
    yield* rows;
  }
}
