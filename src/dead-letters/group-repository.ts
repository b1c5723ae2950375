import { z } from "zod";
import type { JobRequest } from "#jobs/request.ts";
import { jobRow } from "#jobs/rows.ts";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import { groupRow } from "./group-view.ts";
import { type Checked, type JsonPatch, jsonPatch } from "./patch.ts";
import type { LetterFilter } from "./rows.ts";

/** What to do with all open dead letters of a group. */
export type GroupWork = {
  fingerprint: string;
  action: "reprocess" | "ignore";
  /** Why the letters are ignored. */
  note: string | null;
  /** How many letters are reprocessed at the same time. */
  atOnce: number;
  /** The job halts when more letters than this have failed again. */
  haltAfter: number;
  /**
   * How many letters are reprocessed first. The others follow when all of these have ended and none of them has failed
   * again or was canceled.
   */
  canary: number;
  /** Changes the data of each letter. */
  patch: JsonPatch | null;
};

/** The part of the group's job, which the run has claimed. */
type ClaimedPart = { id: number; token: string; next: number; last: number };

export type LetterGroupRepository = ReturnType<typeof letterGroupRepository>;

const groups = z.object({ items: groupRow.array(), total: z.number() });
/** A letter's position in the order of its group. The next page begins after it. */
export const place = z.tuple([z.string(), z.uuid()]);
export type Place = z.output<typeof place>;

const lettersToCheck = z
  .object({ after: place, id: z.uuid(), event: z.string(), data: z.record(z.string(), z.json()).catch({}) })
  .array();
const groupJob = z.object({ fingerprint: z.string(), until: z.string(), patch: jsonPatch.nullable() });
/** How many letters one page has. */
const PAGE = 100;

const ranges = z.array(z.object({ first: z.number(), last: z.number(), total: z.number() }));
const worked = z.object({ state: z.enum(["open", "done", "lost"]), waitMs: z.number().optional() });

export function letterGroupRepository(db: DatabaseClient, clock: Clock) {
  const { call, callTimeless } = createCall(db, clock);
  return {
    /** The groups, ordered by their last failure, the newest first. `total` also counts the groups beyond the limit. */
    list: (filter: Pick<LetterFilter, "status" | "fingerprint">, limit: number) =>
      call("list_letter_groups", { status: filter.status, fingerprint: filter.fingerprint, limit }, groups),

    accept: (request: JobRequest, work: GroupWork) =>
      call("accept_letter_group_job", { work, request }, jobRow),

    /** The next open letters of a group, with their data. */
    page: (fingerprint: string, after: Place | null, until?: string) =>
      callTimeless("page_letter_group", { fingerprint, until, after, limit: PAGE }, lettersToCheck),

    job: (id: string) => callTimeless("read_letter_group_job", { id }, groupJob),

    /** Stores the patched data of each letter, or why this job's patch does not fit it. */
    saveChecked: (jobId: string, letters: ({ id: string } & Checked)[]): Promise<void> =>
      callTimeless("check_letters", { jobId, letters }),

    cut: (id: string) => callTimeless("cut_letter_group", { id }, ranges),

    /** Handles as many letters as the limits allow. `waitMs`: how long to wait, because no letter may be handled now. */
    work: ({ id: partId, token, next: from, last }: ClaimedPart, jobId: string) =>
      call("work_letter_group", { partId, token, jobId, from, last }, worked),
  };
}
