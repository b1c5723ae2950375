import { buildCall, problemOf, readAnswer, unreachable } from "./dispatch.ts";
import { hasEnded, type Job, type RunDocument } from "./documents.ts";
import { serverError } from "./errors.ts";
import type { Executor } from "./executor.ts";
import { maxAttempts } from "./flow.ts";
import type { Journal } from "./journal.ts";
import type { Op } from "./protocol.ts";
import type { Registry } from "./registry.ts";
import * as runs from "./runs.ts";
import type { Transport } from "./transport.ts";

type Options = {
  registry: Registry;
  journal: Journal;
  transport: Transport;
  executor: Executor;
  checkpointing: boolean;
  signingKey: string | undefined;
  freshId: () => string;
  /** Makes the call later, because the store failed. */
  later: (run: RunDocument, job: Job) => void;
  /** Called when the call has ended, so that its changes are committed soon. */
  over: () => void;
};

type Flight = { run: RunDocument; job: Job; generation: number };

/** The app's calls in flight, and the checkpoints that arrive during them. */
export class Calls {
  private readonly options: Options;
  private readonly flights = new Map<string, Flight>();
  /**
   * The number of the next call. The first number is the current time, so that no number is used again after a restart.
   */
  private generation = Date.now() * 1_000;

  constructor(options: Options) {
    this.options = options;
  }

  readonly make = async (run: RunDocument, job: Job): Promise<void> => {
    const { registry, executor, over } = this.options;
    if (!registry.get(run.functionId)) {
      const error = serverError(
        "FunctionNotFound",
        `The function ${run.functionId} is no longer part of its app.`,
      );
      return executor.move(run, (rules) => runs.fail(run, rules, error));
    }
    executor.move(run, (rules) => runs.begin(run, rules, job));
    const key = `${run.id}/${job.id}`;
    const flight: Flight = { run, job, generation: ++this.generation };
    this.flights.set(key, flight);
    try {
      await this.fly(key, flight);
    } finally {
      if (this.flights.get(key) === flight) this.flights.delete(key);
      over();
    }
  };

  private async fly(key: string, { run, job, generation }: Flight): Promise<void> {
    const { journal, registry, transport, executor, checkpointing, signingKey, freshId } = this.options;
    // The result that led to this call must be committed before the app can see the call.
    const isSafe = await journal.flush().then(
      () => true,
      () => false,
    );
    if (!isSafe) return this.options.later(run, job);
    const fn = registry.get(run.functionId)?.fn;
    if (!fn || hasEnded(run) || run.jobs[job.id] !== job) return;
    const request = buildCall({
      fn,
      run,
      job,
      jobKey: key,
      generation,
      requestId: freshId(),
      maxAttempts: maxAttempts(fn),
      checkpointing,
      signingKey,
    });
    const answer = await transport(request).then(readAnswer, unreachable);
    executor.move(run, (rules) => runs.receive(run, rules, job, answer));
  }

  /**
   * Saves steps that a running call has finished. Returns false when the call is not the current one any more (it was
   * given up, the engine restarted, or the run ended); then the SDK must stop.
   */
  checkpoint(
    runId: string,
    jobKey: string,
    generation: number | undefined,
    ops: Op[],
    body: string,
  ): boolean {
    const flight = this.flights.get(jobKey);
    if (!flight || flight.run.id !== runId || hasEnded(flight.run)) return false;
    if (generation !== undefined && generation !== flight.generation) return false;
    const { run, job } = flight;
    const problem = problemOf(ops, body);
    this.options.executor.move(run, (rules) =>
      problem
        ? runs.fail(run, rules, problem)
        : runs.checkpoint(run, rules, job, { ops, bytes: body.length }),
    );
    return !hasEnded(run);
  }
}
