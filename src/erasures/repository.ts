import { z } from "zod";
import { type JobRequest } from "#jobs/request.ts";
import { type Job, jobRow } from "#jobs/rows.ts";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";

const erasureRow = z.object({
  id: z.uuid(),
  status: z.enum(["erasing", "failed", "completed"]),
  counts: z.record(z.string(), z.number()),
  created_at: z.string(),
  completed_at: z.string().nullable(),
});

export type ErasureRepository = ReturnType<typeof erasureRepository>;

export function erasureRepository(db: DatabaseClient, clock: Clock) {
  const { call, callTimeless } = createCall(db, clock);
  return {
    accept: (email: string, request: JobRequest): Promise<Job> =>
      call("accept_erasure", { email, request }, jobRow),

    /**
     * Erases rows, table after table, until the limit of one call is reached. The answer `waiting` means that
     * unfinished work still needs the address, and `again` that a further round must find nothing to erase.
     */
    erasePiece: (id: string) => call("erase_piece", { id }, z.enum(["more", "waiting", "again", "done"])),

    async get(id: string) {
      return (await callTimeless("get_erasure", { id }, erasureRow.array())).at(0);
    },
  };
}
