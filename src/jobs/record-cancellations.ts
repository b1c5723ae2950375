import type { InngestFunction } from "inngest";
import { z } from "zod";
import { functionIdOf, type InngestClient, newsOfOurs } from "#lib/inngest.ts";
import type { Outbox } from "./outbox.ts";
import type { JobRepository } from "./repository.ts";

type Dependencies = {
  inngest: InngestClient;
  jobs: Pick<JobRepository, "cancelRun">;
  outbox: Pick<Outbox, "flush">;
};

const cancelledRun = z.object({
  function_id: z.string(),
  run_id: z.string(),
  event: z.object({ id: z.string().optional() }),
});

/** The engine stopped a run (an event, a timeout, a click in its dashboard): the ledger's job ends with it. */
export const recordCancellations = ({ inngest, jobs, outbox }: Dependencies): InngestFunction.Any =>
  inngest.createFunction(
    { id: "record-cancellations", triggers: [newsOfOurs("inngest/function.cancelled")], retries: 20 },
    async ({ event }: { event: { data?: unknown } }) => {
      const { function_id, run_id, event: original } = cancelledRun.parse(event.data);
      await jobs.cancelRun({
        eventId: original.id ?? run_id,
        functionId: functionIdOf(function_id),
        runId: run_id,
      });
      // Its place may have let others begin.
      await outbox.flush();
    },
  );
