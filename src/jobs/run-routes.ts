import { randomUUID } from "node:crypto";
import { z } from "zod";
import { cut } from "#lib/cut.ts";
import type { EngineApi } from "#lib/engine/engine-api.ts";
import type { RunStep } from "#lib/engine/run-steps.ts";
import { AppError } from "#lib/errors.ts";
import { idParams, json, type Route, route } from "#lib/http/route.ts";
import { type LogRepository, logLine } from "./log-repository.ts";
import type { Outbox } from "./outbox.ts";
import type { JobRepository } from "./repository.ts";
import { accepted, acceptedView, jobUrl } from "./view.ts";

type Dependencies = {
  jobs: Pick<JobRepository, "get" | "runAgain">;
  engine: Pick<EngineApi, "steps">;
  outbox: Pick<Outbox, "send">;
  jobLog: Pick<LogRepository, "read">;
};

const time = z.string().nullable();
export const jobTraceView = z.object({
  /** The data of the job's event. A large input or output is replaced by {truncated, chars}. */
  input: z.unknown(),
  /** The newest five runs, oldest first. */
  runs: z.array(
    z.object({
      id: z.string(),
      /** The last hundred steps. Null when the engine does not report them; then `problem` says why. */
      steps: z
        .array(
          z.object({
            name: z.string(),
            operation: z.string().nullable(),
            status: z.string(),
            startedAt: time,
            endedAt: time,
            output: z.unknown(),
            attempts: z.array(z.object({ startedAt: time, endedAt: time, error: z.string().nullable() })),
          }),
        )
        .nullable(),
      problem: z.string().nullable(),
    }),
  ),
});
z.globalRegistry.add(jobTraceView, { id: "JobTrace" });

/** The newest 200 lines, oldest first. `runId` is a run of the job, of one of its parts, or of a failure's handler. */
export const jobLogView = z.object({ items: z.array(logLine) });
z.globalRegistry.add(jobLogView, { id: "JobLog" });

// With this many runs an answer has at most about 6 MB, the largest answer that Netlify sends.
const MAX_RUNS = 5;
const MAX_STEPS = 100;
const MAX_ATTEMPTS = 25;
const MAX_LINES = 200;
const MAX_ERROR_CHARS = 300;
const MAX_DATA_CHARS = 4_000;

/**
 * Only administrators may call these routes, because inputs and outputs are not masked, and running work again costs
 * money.
 */
export const runRoutes = ({ jobs, engine, outbox, jobLog }: Dependencies): Route[] => [
  route({
    method: "GET",
    path: "/api/jobs/:id/trace",
    policy: "admin",
    summary:
      "A job's input, and the steps of its runs with outputs, times and attempts, as the engine reports them",
    params: idParams,
    responses: { 200: jobTraceView },
    handler: async ({ params }) => {
      const details = await jobs.get(params.id, null);
      if (!details) throw new AppError("not_found", "Job not found");
      const runs = details.runs.slice(-MAX_RUNS);
      return json(200, {
        input: bounded(details.job.event_data),
        runs: await Promise.all(runs.map(({ run_id }) => traceOf(run_id, engine))),
      });
    },
  }),
  route({
    method: "GET",
    path: "/api/jobs/:id/log",
    policy: "admin",
    summary: "What a job's runs and parts have logged: the newest 200 lines",
    params: idParams,
    responses: { 200: jobLogView },
    handler: async ({ params }) => {
      if (!(await jobs.get(params.id, null))) throw new AppError("not_found", "Job not found");
      return json(200, { items: await jobLog.read(params.id, MAX_LINES) });
    },
  }),
  route({
    method: "POST",
    path: "/api/jobs/:id/run-again",
    policy: "admin",
    summary:
      "Run an ended job again: a new job with the same event; effects whose keys come from the event are not repeated",
    params: idParams,
    responses: { 202: acceptedView },
    handler: async ({ params, requester, idempotencyKey: key }) => {
      const again = { jobId: params.id, newId: randomUUID(), by: requester.id, key };
      const job = await jobs.runAgain(again);
      if (job.sent_at === null) await outbox.send([job]);
      return json(202, accepted("Running again", job.id), { location: jobUrl(job.id) });
    },
  }),
];

async function traceOf(id: string, engine: Dependencies["engine"]) {
  try {
    const steps = await engine.steps(id);
    if (steps === null) return { id, steps, problem: "The engine has no trace of this run any more." };
    return { id, steps: steps.slice(-MAX_STEPS).map(boundedStep), problem: null };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { id, steps: null, problem: `${error.message}.` };
  }
}

const boundedStep = ({ name, output, attempts, ...step }: RunStep): RunStep => ({
  ...step,
  name: cut(name, MAX_ERROR_CHARS),
  output: bounded(output),
  attempts: attempts
    .slice(-MAX_ATTEMPTS)
    .map(({ error, ...attempt }) => ({ ...attempt, error: error && cut(error, MAX_ERROR_CHARS) })),
});

function bounded(data: unknown): unknown {
  const chars = JSON.stringify(data ?? null).length;
  return chars > MAX_DATA_CHARS ? { truncated: true, chars } : data;
}
