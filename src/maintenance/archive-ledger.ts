import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { Storage } from "#lib/database/storage.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import { type Written, writeArchiveFile } from "#maintenance/archive-file.ts";
import type { ArchiveRepository, Cursor } from "#maintenance/archive-repository.ts";
import { archiveDue } from "#maintenance/events.ts";

type Dependencies = {
  inngest: InngestClient;
  archive: ArchiveRepository;
  storage: Pick<Storage, "putStream">;
  onFailure: OnFailure;
};

const MAX_FILES = 80;
const TABLES = ["jobs", "letters"] as const;

/**
 * Writes each past month of the ledger that is not in the archive yet: `<month>/jobs-1.ndjson.gz` and so on, one file
 * in each step. After a crash the run continues with the same file. Months that are left after MAX_FILES wait for the
 * next run.
 */
export const archiveLedger = (deps: Dependencies) =>
  deps.inngest.createFunction(
    {
      id: "archive-ledger",
      triggers: [archiveDue],
      // Two runs at once would write the same files.
      concurrency: { limit: 1 },
      ...tries("dataSync"),
      onFailure: deps.onFailure,
    },
    async ({ step }) => {
      const total = { months: 0, rows: 0, bytes: 0 };
      for (let files = 0; files < MAX_FILES; total.months++) {
        const month = await step.run(`find-month-${total.months}`, () => deps.archive.next());
        if (month === null) break;
        const ofMonth = { rows: 0, bytes: 0 };
        for (const table of TABLES) {
          let after: Cursor | null = null;
          let number = 1;
          do {
            const from: Cursor | null = after;
            const path = `${month.slice(0, 7)}/${table}-${number}.ndjson.gz`;
            const written: Written = await step.run(`write-${path}`, () =>
              write(deps, table, month, path, from),
            );
            ofMonth.rows += written.rows;
            ofMonth.bytes += written.bytes;
            after = written.after;
            number++;
            files++;
          } while (after !== null);
        }
        await step.run(`finish-${month}`, () => deps.archive.finish(month, ofMonth));
        total.rows += ofMonth.rows;
        total.bytes += ofMonth.bytes;
      }
      return total;
    },
  );

function write(
  { archive, storage }: Dependencies,
  table: (typeof TABLES)[number],
  month: string,
  path: string,
  after: Cursor | null,
): Promise<Written> {
  return writeArchiveFile(storage, {
    path,
    after,
    read: (from, limit) => archive[table](month, from, limit),
  });
}
