import type { OnFailure } from "#dead-letters/on-failure.ts";
import { importBatchDue } from "#imports/events.ts";
import { failing, faultOf } from "#imports/fault.ts";
import { importPart } from "#imports/import-part.ts";
import type { ImportRepository } from "#imports/repository.ts";
import { factsOf, openSource } from "#imports/source.ts";
import type { Parts, Worked } from "#jobs/parts.ts";
import type { Part } from "#jobs/parts-repository.ts";
import type { StepTime } from "#jobs/steps.ts";
import type { Storage } from "#lib/database/storage.ts";
import { cancelOfParentJob, type FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import type { SafeFetch } from "#lib/outside/safe-fetch.ts";

type Work = {
  imports: Pick<ImportRepository, "ofJob" | "write" | "fail">;
  storage: Pick<Storage, "open">;
  safeFetch: SafeFetch;
};
type Dependencies = Work & {
  inngest: InngestClient;
  parts: Pick<Parts, "work">;
  flow: FlowControl;
  onFailure: OnFailure;
};

/** S4-31: how many parts of one import are worked on at once. */
const PARTS_AT_ONCE = 5;

/** Reads one part of the file again and writes its rows. */
export const processImportBatch = ({ inngest, parts, flow, onFailure, ...work }: Dependencies) =>
  inngest.createFunction(
    {
      id: "process-import-batch",
      triggers: [importBatchDue],
      concurrency: [
        flow.concurrency(PARTS_AT_ONCE, "event.data.importId"),
        flow.shareOf("event.data.userId"),
      ],
      ...tries("dataSync"),
      cancelOn: cancelOfParentJob("process-import-batch"),
      onFailure,
    },
    (run) =>
      parts.work(run, { policy: "dataSync" }, (part, time) =>
        workOn(work, run.event.data.parentJobId, part, time),
      ),
  );

async function workOn(
  { imports, ...outside }: Work,
  jobId: string,
  part: Part,
  time: StepTime,
): Promise<Worked> {
  const work = await imports.ofJob(jobId);
  if (!work) return "done";
  try {
    return await failing(imports, work.id, async () => {
      const source = await openSource(outside, work.file_url, factsOf(work));
      return importPart(imports, work, source, part, time);
    });
  } catch (error) {
    if (faultOf(error) === undefined) throw error;
    // The import has ended, so its parts have nothing left to do.
    return "done";
  }
}
