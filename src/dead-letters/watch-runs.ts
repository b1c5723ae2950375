import { z } from "zod";
import type { JobRepository } from "#jobs/repository.ts";
import type { QuietRun } from "#jobs/rows.ts";
import type { Clock } from "#lib/clock.ts";
import type { EngineApi, EngineRun } from "#lib/engine-api.ts";
import type { Chore } from "#lib/housekeeping.ts";
import { toFailure } from "./failure.ts";
import type { DeadLetterRepository } from "./repository.ts";

type Dependencies = {
  jobs: Pick<JobRepository, "takeQuietRuns" | "finishRun" | "cancelRun">;
  letters: Pick<DeadLetterRepository, "record">;
  engine: Pick<EngineApi, "run">;
  clock: Clock;
};

const QUIET_MS = 15 * 60_000;
/** A run that the engine does not know for so long will not come back: its history is kept a day at least. */
const LOST_MS = 25 * 60 * 60_000;
const BATCH = 50;

/** Asks the engine about runs that have been quiet for too long, and tells the ledger what became of them. */
export function watchRuns({ jobs, letters, engine, clock }: Dependencies): Chore {
  return {
    name: "runs",
    async run(deadline) {
      const quiet = await jobs.takeQuietRuns(QUIET_MS, BATCH);
      let settled = 0;
      for (const run of quiet) {
        if (deadline.isOver()) break;
        if (await settle(run, await engine.run(run.run_id))) settled++;
      }
      return { quiet: quiet.length, settled };
    },
  };

  async function settle(run: QuietRun, known: EngineRun | null): Promise<boolean> {
    const ids = { eventId: run.event_id, functionId: run.function_id, runId: run.run_id };
    const quietMs = clock.now().getTime() - Date.parse(run.quiet_since);
    if (known === null && quietMs < LOST_MS) return false;
    switch (known?.status) {
      case "Completed":
        await jobs.finishRun(ids, z.json().catch(null).parse(known.output));
        return true;
      case "Cancelled":
        await jobs.cancelRun(ids);
        return true;
      case undefined:
        await letters.record(
          failureOf(run, { message: "The engine lost this run", cause: { code: "outcome_unknown" } }),
        );
        return true;
      case "Failed":
        await letters.record(failureOf(run, known.output));
        return true;
      default:
        // Scheduled, Running, sleeping: quiet, but alive.
        return false;
    }
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
