import { z } from "zod";
import { hasEnded, type RunDocument } from "./documents.ts";
import { forever, type Notebook } from "./notebook.ts";

/**
 * Executions, counted as Inngest bills them: each run is an execution, and so is each attempt of a step. Replays of
 * finished steps are free.
 */
export type Usage = { runs: number; steps: number; executions: number };

const counts = z.object({ runs: z.number(), steps: z.number() }).default({ runs: 0, steps: 0 });

/**
 * Adds each ended run to the sums once, because the engine later deletes the run from its history. Unfinished runs are
 * counted when the usage is requested.
 */
export class Meter {
  private readonly notebook: Notebook;

  constructor(notebook: Notebook) {
    this.notebook = notebook;
  }

  runEnded({ stepAttempts }: RunDocument, now: number): void {
    const { runs, steps } = this.ended(now);
    this.notebook.set("usage", { runs: runs + 1, steps: steps + stepAttempts }, forever, now);
  }

  read(allRuns: Iterable<RunDocument>, now: number): Usage {
    let { runs, steps } = this.ended(now);
    for (const run of allRuns) {
      if (hasEnded(run)) continue;
      runs += 1;
      steps += run.stepAttempts;
    }
    return { runs, steps, executions: runs + steps };
  }

  private ended(now: number): z.infer<typeof counts> {
    return counts.parse(this.notebook.get("usage", now));
  }
}
