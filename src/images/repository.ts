import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Want } from "#lib/database/tokens.ts";

/** A task, and the event of the job that works on it. */
export type TaskOfEvent = { taskId: string; eventId: string };

const attempt = z.discriminatedUnion("state", [
  z.object({ state: z.literal("draw"), token: z.uuid(), prompt: z.string(), attempt: z.number() }),
  z.object({ state: z.literal("wait"), waitMs: z.number() }),
  z.object({ state: z.enum(["drawn", "ended", "taken", "gone"]) }),
]);
export type Attempt = z.output<typeof attempt>;

const noted = z.enum(["noted", "ended", "lost"]);
const endOfJob = z.enum(["completed", "failed", "canceled", "skipped", "lost"]);

/** The outcome of an attempt. Without `retryAt` a failed task uses the lane's concurrency until its job has ended. */
export type AttemptOutcome =
  | { imagePath: string }
  | { code: string; message: string; retryAt?: string | undefined };

export type ImageRepository = ReturnType<typeof imageRepository>;

/** The statements with which functions use the queue. The SQL functions document what each call guarantees. */
export function imageRepository(db: DatabaseClient, clock: Clock) {
  const { call } = createCall(db, clock);
  return {
    begin: (work: TaskOfEvent, leaseMs: number, wants: Want[]): Promise<Attempt> =>
      call("begin_image_attempt", { ...work, leaseMs, wants }, attempt),

    end: (taskId: string, token: string, outcome: AttemptOutcome) =>
      call("end_image_attempt", { taskId, token, outcome }, noted),

    complete: (work: TaskOfEvent, thumbnailPath: string, result: Record<string, string>) =>
      call("complete_image_task", { ...work, thumbnailPath, result }, endOfJob),

    /** Starts tasks whose start was missed; returns how many. */
    startWaiting: (): Promise<number> => call("start_waiting_image_tasks", {}, z.number()),
  };
}
