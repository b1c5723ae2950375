import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { type DatabaseClient, unwrap } from "#lib/database/client.ts";
import type { Want } from "#lib/database/tokens.ts";

/** A task, and the event whose job is at work on it. */
export type TaskOfEvent = { taskId: string; eventId: string };

const attempt = z.discriminatedUnion("state", [
  z.object({ state: z.literal("draw"), token: z.uuid(), prompt: z.string(), attempt: z.number() }),
  z.object({ state: z.literal("wait"), waitMs: z.number().nullable() }),
  z.object({ state: z.enum(["drawn", "ended", "taken", "gone"]) }),
]);
export type Attempt = z.output<typeof attempt>;

const noted = z.enum(["noted", "ended", "lost"]);
const endOfJob = z.enum(["completed", "failed", "canceled", "skipped", "lost"]);

/** What became of an attempt. Without `retryAt` a failed task keeps its place until its job has ended. */
export type AttemptOutcome =
  | { imagePath: string }
  | { code: string; message: string; retryAt?: string | undefined };

export type ImageRepository = ReturnType<typeof imageRepository>;

/** The queue as those who draw see it. What each call promises stands with its SQL function. */
export function imageRepository(db: DatabaseClient, clock: Clock) {
  const now = () => clock.now().toISOString();
  return {
    async begin({ taskId, eventId }: TaskOfEvent, leaseMs: number, wants: Want[]): Promise<Attempt> {
      const answer = await unwrap(
        db.rpc("begin_image_attempt", {
          p_task_id: taskId,
          p_event_id: eventId,
          p_lease_ms: leaseMs,
          p_wants: wants,
          p_now: now(),
        }),
      );
      return attempt.parse(answer);
    },

    async end(taskId: string, token: string, outcome: AttemptOutcome) {
      const answer = await unwrap(
        db.rpc("end_image_attempt", {
          p_task_id: taskId,
          p_token: token,
          p_outcome: outcome,
          p_now: now(),
        }),
      );
      return noted.parse(answer);
    },

    async complete({ taskId, eventId }: TaskOfEvent, thumbnailPath: string, result: Record<string, string>) {
      const answer = await unwrap(
        db.rpc("complete_image_task", {
          p_task_id: taskId,
          p_event_id: eventId,
          p_thumbnail_path: thumbnailPath,
          p_result: result,
          p_now: now(),
        }),
      );
      return endOfJob.parse(answer);
    },

    /** How many could start that nobody had noticed. */
    async startWaiting(): Promise<number> {
      return unwrap(db.rpc("start_waiting_image_tasks", { p_now: now() }));
    },
  };
}
