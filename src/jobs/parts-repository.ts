import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { cut } from "#lib/cut.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Json } from "#lib/database/database.types.ts";
import { codeOf } from "#lib/errors.ts";
import { storableJson } from "#lib/storable.ts";

const plan = z.object({
  jobId: z.uuid(),
  planned: z.boolean(),
  cursor: z.json().nullable(),
  parts: z.number(),
  total: z.number(),
});
/**
 * How much of a job's work has been cut into parts. `cursor` is null before the first piece; `total` counts units of
 * work.
 */
export type Plan = z.output<typeof plan>;

/** What one piece adds to the plan. The next piece begins at `cursor`; null ends the plan. */
export type Piece = {
  parts: { first: number; last: number; total: number; bounds?: Record<string, Json> }[];
  cursor: Json | null;
  /** Fields of the job's result, in addition to the counts. */
  result?: Record<string, Json>;
};

const part = z.object({
  id: z.number(),
  token: z.uuid(),
  part: z.number(),
  first: z.number(),
  last: z.number(),
  next: z.number(),
  bounds: z.record(z.string(), z.json()),
  total: z.number(),
  settled: z.number(),
  attempts: z.number(),
});
/**
 * A part that this run has claimed. The room's statements name its `id` and `token` when they settle. A room that
 * works in order stores in `next` where to continue.
 */
export type Part = z.output<typeof part>;

const claim = z.discriminatedUnion("state", [
  part.extend({ state: z.literal("claimed") }),
  z.object({ state: z.literal("busy"), waitMs: z.number() }),
  z.object({ state: z.enum(["done", "ended", "gone", "paused"]) }),
]);
export type Claim = z.output<typeof claim>;

export type ClaimRequest = {
  jobId: string;
  /** Default: the next free part. */
  part?: number | undefined;
  claimant: string;
  leaseMs: number;
};

type Release = { isProviderFailure: boolean; waitMs?: number; error?: Error };

export type PartsRepository = ReturnType<typeof partsRepository>;

/** Plans and parts. The SQL functions document what each call guarantees. */
export function partsRepository(db: DatabaseClient, clock: Clock) {
  const { call } = createCall(db, clock);
  return {
    open: (eventId: string, functionId: string): Promise<Plan> =>
      call("open_plan", { eventId, functionId }, plan),

    /** `from` is the cursor at which this piece began. */
    add: (jobId: string, from: Json | null, piece: Piece): Promise<Plan> =>
      call("plan_parts", { jobId, piece: { from, ...piece } }, plan),

    claim: ({ part: partNo, ...request }: ClaimRequest): Promise<Claim> =>
      call("claim_part", { partNo, ...request }, claim),

    /**
     * `isProviderFailure`: adds 1 to the provider's failures, which are counted from the claimant's last settled work.
     * Returns the number of these failures. The part can be claimed again after `waitMs`. The job shows the error until
     * later work is settled.
     */
    async release({ id, token }: Part, { isProviderFailure, waitMs, error }: Release) {
      const waitingUntil =
        waitMs === undefined ? undefined : new Date(clock.now().getTime() + waitMs).toISOString();
      const shown = error && { code: codeOf(error) ?? null, message: cut(error.message) };
      const given = { id, token, isProviderFailure, waitingUntil, error: storableJson(shown) };
      return (await call("release_part", given, z.number().nullable())) ?? 1;
    },
  };
}
