import { z } from "zod";
import { fact } from "#lib/fact.ts";

const job = z.object({
  jobId: z.uuid(),
  kind: z.string(),
  createdAt: z.string(),
  endedAt: z.string(),
  /** The job that this job belongs to. */
  parentJobId: z.uuid().optional(),
});
const example = {
  jobId: "3f0c8f0e-6f4a-4b9e-9d3e-1f2a3b4c5d6e",
  kind: "import",
  createdAt: "2026-11-01T08:59:00+00:00",
  endedAt: "2026-11-01T09:00:00+00:00",
};

export const jobFacts = [
  fact({ type: "job.completed", summary: "A job of yours has completed.", schema: job, example }),
  fact({
    type: "job.failed",
    summary: "A job of yours has failed for good; its work waits as a dead letter.",
    schema: job.extend({ errorCode: z.string().optional() }),
    example: { ...example, errorCode: "provider_timeout" },
  }),
];
