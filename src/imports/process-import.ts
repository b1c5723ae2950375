import type { OnFailure } from "#dead-letters/on-failure.ts";
import { importBatchDue, importRequested } from "#imports/events.ts";
import { failing, faultOf } from "#imports/fault.ts";
import { planPiece } from "#imports/plan-import.ts";
import type { ImportRepository } from "#imports/repository.ts";
import { factsOf, openSource } from "#imports/source.ts";
import type { Parts } from "#jobs/parts.ts";
import type { Storage } from "#lib/database/storage.ts";
import { cancelOfThisJob, type FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import type { SafeFetch } from "#lib/outside/safe-fetch.ts";

type Dependencies = {
  inngest: InngestClient;
  imports: Pick<ImportRepository, "open" | "describe" | "fingerprint" | "fail">;
  storage: Pick<Storage, "open">;
  safeFetch: SafeFetch;
  parts: Pick<Parts, "plan" | "fanOut">;
  flow: FlowControl;
  onFailure: OnFailure;
};

/**
 * Reads the file once, cuts it into parts of whole rows, and sends an event for each part. The last part ends the job.
 */
export const processImport = (deps: Dependencies) =>
  deps.inngest.createFunction(
    {
      id: "process-import",
      triggers: [importRequested],
      // One file per owner is planned at a time, so that an owner with many files does not delay the others.
      concurrency: [deps.flow.concurrency(5), deps.flow.concurrency(1, "event.data.userId")],
      ...tries("dataSync"),
      cancelOn: cancelOfThisJob("process-import"),
      onFailure: deps.onFailure,
    },
    async (run) => {
      const { imports, parts } = deps;
      const { importId, fileUrl, importType = "", userId } = run.event.data;
      const open = () =>
        imports.open(run.event.id ?? run.runId, importId, userId, {
          target: importType,
          options: {},
          fileUrl,
        });

      // An error here is not stored on the import, because the import may not exist. When the tries are used up, the
      // job gets a dead letter.
      const opened = await run.step.run("open-import", async () => {
        const work = await open();
        return "refused" in work
          ? work
          : { owner: work.import.owner, isDone: work.import.status === "completed" };
      });
      // A job that cannot continue its import has failed (`take_import_over`), and stays failed.
      if ("refused" in opened) return skipped(opened.refused);
      if (opened.isDone) return skipped("This import is completed");

      try {
        const plan = await parts.plan(run, "process-import", ({ cursor }, time) =>
          failing(imports, importId, async () => {
            const work = await open();
            // Another job has taken the import over since this run opened it.
            if ("refused" in work) return { stopped: work.refused };
            const source = await openSource(deps, work.import.file_url, factsOf(work.import));
            return planPiece(imports, work.import, source, cursor, time);
          }),
        );
        if (plan.stopped !== undefined) return skipped(plan.stopped);
        await parts.fanOut(run, plan, (ref) =>
          importBatchDue.create({ importId, userId: opened.owner, batchIndex: ref.part - 1, ...ref }),
        );
        return { totalRecords: plan.total, batches: plan.parts };
      } catch (error) {
        const code = faultOf(error);
        if (code === undefined) throw error;
        // The job has failed with this code and a hint for its owner. An operator need not act.
        return { fault: code };
      }
    },
  );

const skipped = (reason: string) => ({ status: "skipped", reason });
