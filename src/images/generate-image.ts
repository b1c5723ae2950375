import type { OnFailure } from "#dead-letters/on-failure.ts";
import { type DrawDependencies, drawImage } from "#images/draw-image.ts";
import { generateImageRequested } from "#images/events.ts";
import { type FinishDependencies, finishImage } from "#images/finish-image.ts";
import { remainingMs } from "#lib/engine/deadline.ts";
import { cancelOfThisJob } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import { AppError } from "#lib/errors.ts";

type Dependencies = DrawDependencies & FinishDependencies & { inngest: InngestClient; onFailure: OnFailure };

/**
 * A run fails when it has checked this many times whether its task may start. The database says how long to wait after
 * each check, so that the checks last until hours after the task is due. A round takes two steps, and Inngest ends a run
 * after 1,000 steps.
 */
export const MAX_ROUNDS = 400;

/**
 * Draws the picture of one task (`process-task` in the source documents). The database decides when the task may start,
 * so the function has no concurrency limit. Only a replayed or reprocessed run waits, because its task went back into
 * the queue.
 */
export const generateImage = (deps: Dependencies) =>
  deps.inngest.createFunction(
    {
      id: "generate-image",
      triggers: [generateImageRequested],
      ...tries("task"),
      cancelOn: cancelOfThisJob("generate-image"),
      onFailure: deps.onFailure,
    },
    async ({ event, step, runId }) => {
      const work = { taskId: event.data.taskId, eventId: event.id ?? runId };
      const leftMs = () => remainingMs(event.data, deps.clock.now());
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const drawn = await step.run(`draw-${round}`, () => drawImage(deps, work, leftMs));
        if (drawn.state === "drawn") return step.run("finish", () => finishImage(deps, work));
        if (drawn.state !== "wait") return { status: "skipped", reason: REASONS[drawn.state] };
        await step.sleep(`wait-for-turn-${round}`, drawn.waitMs);
      }
      throw new AppError("conflict", `Task ${work.taskId} had no turn in ${MAX_ROUNDS} rounds`);
    },
  );

const REASONS = {
  ended: "the job has ended",
  taken: "another job draws this picture",
  gone: "there is no such task",
} as const;
