import type { InngestFunction } from "inngest";
import { z } from "zod";
import type { JobRepository } from "#jobs/repository.ts";
import { type InngestClient, newsOfOurs } from "#lib/engine/inngest.ts";
import { toFailure } from "./failure.ts";
import type { DeadLetterRepository } from "./repository.ts";

type Dependencies = {
  inngest: InngestClient;
  jobs: Pick<JobRepository, "cancelRun">;
  letters: Pick<DeadLetterRepository, "record">;
};

const stopped = { message: "The engine stopped this part of a job that goes on" };

/**
 * The engine stopped a run (an event, a timeout, a click in its dashboard): the ledger's job ends with it. A part of a
 * job that goes on would be missed by nobody: it becomes a letter, which housekeeping tells people of.
 */
export const recordCancellations = ({ inngest, jobs, letters }: Dependencies): InngestFunction.Any =>
  inngest.createFunction(
    { id: "record-cancellations", triggers: [newsOfOurs("inngest/function.cancelled")], retries: 20 },
    async ({ event }: { event: { data?: unknown } }) => {
      const news = z.looseObject({}).parse(event.data);
      const failure = toFailure({ ...news, error: stopped }, () => undefined);
      if (await jobs.cancelRun(failure, failure.parentJobId)) await letters.record(failure);
    },
  );
