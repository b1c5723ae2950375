import type { InngestFunction } from "inngest";
import { z } from "zod";
import type { JobRepository } from "#jobs/repository.ts";
import { type InngestClient, newsOfOurs } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import { toFailure } from "./failure.ts";
import type { DeadLetterRepository } from "./repository.ts";

type Dependencies = {
  inngest: InngestClient;
  jobs: Pick<JobRepository, "cancelRun">;
  letters: Pick<DeadLetterRepository, "record">;
};

const stopped = { message: "The engine stopped this part of a job that continues" };

/**
 * When Inngest has canceled a run (by an event, a timeout, or its dashboard), ends the run's job in the ledger. When
 * the run worked on a part of a job that continues, that job would wait for the part forever. So the part becomes a dead
 * letter, and housekeeping alerts people.
 */
export const recordCancellations = ({ inngest, jobs, letters }: Dependencies): InngestFunction.Any =>
  inngest.createFunction(
    { id: "record-cancellations", triggers: [newsOfOurs("inngest/function.cancelled")], ...tries("net") },
    async ({ event }: { event: { data?: unknown } }) => {
      const news = z.looseObject({}).parse(event.data);
      const failure = toFailure({ ...news, error: stopped }, () => undefined);
      if (await jobs.cancelRun(failure, failure.parentJobId)) await letters.record(failure);
    },
  );
