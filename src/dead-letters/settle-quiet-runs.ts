import { z } from "zod";
import type { JobRepository } from "#jobs/repository.ts";
import type { QuietRun } from "#jobs/rows.ts";
import type { Clock } from "#lib/clock.ts";
import type { EngineApi } from "#lib/engine/engine-api.ts";
import { type Chore, eachOf } from "#lib/housekeeping.ts";
import { toFailure } from "./failure.ts";
import type { DeadLetterRepository } from "./repository.ts";

type Dependencies = {
  jobs: Pick<JobRepository, "takeQuietRuns" | "finishRun" | "cancelRun">;
  letters: Pick<DeadLetterRepository, "record">;
  engine: Pick<EngineApi, "run">;
  clock: Clock;
};

const QUIET_MS = 15 * 60_000;
/**
 * A run that Inngest does not know, and that has made no progress for this long, is lost: Inngest keeps history for at
 * least a day. A fan-out without progress for this long has lost a part; if that part finishes later, it still counts.
 */
const LOST_MS = 25 * 60 * 60_000;
const BATCH = 50;

/** Asks Inngest about runs that have made no progress for too long, and records in the ledger how they ended. */
export function settleQuietRuns({ jobs, letters, engine, clock }: Dependencies): Chore {
  return {
    name: "runs",
    async run(deadline) {
      const quiet = await jobs.takeQuietRuns(QUIET_MS, BATCH);
      const settled = await eachOf(quiet, deadline, ({ run_id }) => run_id, settle);
      return { quiet: quiet.length, settled };
    },
  };

  async function settle(run: QuietRun): Promise<boolean> {
    const ids = { eventId: run.event_id, functionId: run.function_id, runId: run.run_id };
    const known = run.is_fan_out ? null : await engine.run(run.run_id);
    switch (known?.status) {
      case "Completed":
        await jobs.finishRun(ids, known.output);
        return true;
      case "Cancelled":
        await jobs.cancelRun(ids);
        return true;
      case undefined:
        return recordLoss(run);
      case "Failed":
        await letters.record(failureOf(run, known.output));
        return true;
      default:
        // Scheduled, running and sleeping runs are alive, even without progress.
        return false;
    }
  }

  async function recordLoss(run: QuietRun): Promise<boolean> {
    if (clock.now().getTime() - Date.parse(run.quiet_since) < LOST_MS) return false;
    const message = run.is_fan_out ? "A part of this run's fan-out got lost" : "The engine lost this run";
    await letters.record(failureOf(run, { message, cause: { code: "outcome_unknown" } }));
    return true;
  }
}

const failureOf = (run: QuietRun, error: unknown) =>
  toFailure(
    {
      function_id: run.function_id,
      run_id: run.run_id,
      error: z.record(z.string(), z.unknown()).catch({ message: "The run failed" }).parse(error),
      event: { id: run.event_id, name: run.event_name, data: run.event_data },
    },
    () => undefined,
  );
