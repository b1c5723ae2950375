import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";

export type ArchiveRepository = ReturnType<typeof archiveRepository>;

/** The last row of a page, after which the next page begins. */
const cursor = z.tuple([z.string(), z.string()]);
export type Cursor = z.output<typeof cursor>;
const page = z.array(z.tuple([cursor, z.json()]));

export function archiveRepository(db: DatabaseClient, clock: Clock) {
  const { call, callTimeless } = createCall(db, clock);
  return {
    /** The first day of the next month to archive, or null. */
    next: () => call("next_archive_month", {}, z.string().nullable()),

    jobs: (month: string, after: Cursor | null, limit: number) =>
      callTimeless("archive_jobs", { month, after, limit }, page),

    letters: (month: string, after: Cursor | null, limit: number) =>
      callTimeless("archive_letters", { month, after, limit }, page),

    finish: (month: string, written: { rows: number; bytes: number }) =>
      call("finish_archive_month", { month, ...written }),
  };
}
