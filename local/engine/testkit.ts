import { z } from "zod";
import { virtualClock } from "./clock.ts";
import { type HistoryEntry, hasEnded, type RunDocument } from "./documents.ts";
import { durationOf } from "./duration.ts";
import { Faults } from "./faults.ts";
import { type KillableEngine, startKillableEngine } from "./killable-engine.ts";
import { openStore } from "./open-store.ts";
import { seeded } from "./seeded.ts";
import { createTurnUntil, usualStart, type Within } from "./testkit-time.ts";
import { isFunction, stateOf, viewOf } from "./testkit-views.ts";
import { handlerTransport } from "./transport.ts";
import type { Usage } from "./usage.ts";

/**
 * Runs an app's own functions on an engine in the same process, with a clock that a test moves: no ports, no sleeping.
 *
 *     const engine = await startEngine({ app: (request) => serveHandler(request) });
 *     const [id] = await engine.send({ name: "user/signup", data: { userId: "1" } });
 *     await engine.advance("3d");
 *     const run = await engine.run(id);
 *
 * The app's client gets `fetch: engine.fetch`, and `engine.url` as `INNGEST_DEV` (or `baseUrl`). Functions are read
 * from the app when first needed, so that the app may be created after the engine.
 */
export type StartEngine = {
  app: (request: Request) => Promise<Response>;
  /** The URL under which the engine registers the app. No server listens there: `app` answers the requests. */
  appUrl?: string;
  /** Stores state in this Postgres instead of in memory. */
  databaseUrl?: string;
  /**
   * False: the app runs one step per request, as if checkpointing were disabled in the app. The buffering of
   * checkpoints is set in the app's own client.
   */
  checkpointing?: boolean;
  /** The time at which the clock begins, instead of noon in the middle of next month. */
  start?: Date;
  /** The seed of ids, retry delays and the order of equal jobs. The same seed gives the same run. */
  seed?: number;
  signingKey?: string;
};

const sendAnswer = z.object({ ids: z.array(z.string()), error: z.string().optional() });

type SentEvent = { name: string; data?: Record<string, unknown> | undefined; id?: string; ts?: number };

export type TestEngine = Awaited<ReturnType<typeof startEngine>>;

export async function startEngine(options: StartEngine) {
  const url = "http://engine.local";
  const appUrl = options.appUrl ?? "http://app.local/api/inngest";
  const clock = virtualClock((options.start ?? usualStart()).getTime());
  const store = await openStore(options.databaseUrl);
  const faults = new Faults(
    clock,
    () => running.activity,
    () => restart(),
  );
  const transport = faults.around(handlerTransport(options.app));
  const random = seeded(options.seed ?? 1);
  const start = (): Promise<KillableEngine> =>
    startKillableEngine({
      clock,
      store,
      transport,
      random,
      checkpointing: options.checkpointing ?? true,
      ...(options.signingKey === undefined ? {} : { signingKey: options.signingKey }),
    });
  let running = await start();
  const restart = async () => {
    running.kill();
    running = await start();
  };
  const allRuns = (): RunDocument[] => [...running.engine.history.runs.values()];
  const runWith = (id: string): RunDocument | undefined => running.engine.history.runs.get(id);

  let synced: Promise<unknown> | undefined;
  const ensureSynced = () => {
    synced ??= running.engine.apps.sync(appUrl).catch((error: unknown) => {
      synced = undefined;
      throw error;
    });
    return synced;
  };
  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    await ensureSynced();
    const asked = running;
    const response = await asked.api.fetch(
      input instanceof Request && init === undefined ? input : new Request(input, init),
    );
    // The engine died meanwhile, so it cannot answer.
    if (running !== asked) throw new TypeError("fetch failed: the engine died");
    return response;
  };
  const idle = async () => {
    await ensureSynced();
    for (let current: KillableEngine | undefined; current !== running; ) {
      current = running;
      await current.activity.settled();
    }
  };

  const turnUntil = createTurnUntil(clock, idle, () => faults.calls);

  const runsOf = (eventId: string): RunDocument[] =>
    allRuns().filter(
      (run) => run.eventIds.includes(eventId) || run.events.some((event) => event.id === eventId),
    );
  const find = (eventId: string, functionId: string | undefined): RunDocument | undefined =>
    runsOf(eventId).findLast((run) => functionId === undefined || isFunction(run, functionId));

  return {
    url,
    fetch,
    faults,
    /** The engine's time, which the app must use as its clock. */
    clock: clock.ofTheApp,
    /** Reads the app's functions again. */
    sync: () => {
      synced = undefined;
      return ensureSynced();
    },
    /** Accepts events as over HTTP, and returns their ids. */
    send: async (events: SentEvent | SentEvent[]): Promise<string[]> => {
      const response = await fetch(`${url}/e/test`, { method: "POST", body: JSON.stringify(events) });
      const answer = sendAnswer.parse(await response.json());
      if (!response.ok) throw new Error(answer.error);
      return answer.ids;
    },
    /**
     * Waits for the end of the run that an event started (by the id from `send`, or the sender's own id). Moves the
     * clock as far as needed.
     */
    run: async (eventId: string, functionId?: string, within: Within = {}) => {
      const ended = await turnUntil(() => {
        const run = find(eventId, functionId);
        return run && hasEnded(run);
      }, within);
      const run = find(eventId, functionId);
      if (!run)
        throw new Error(`The event ${eventId} has started no run${functionId ? ` of ${functionId}` : ""}.`);
      if (!ended) throw new Error(`The run ${run.id} has not ended: ${stateOf(run)}`);
      return viewOf(run);
    },
    /** Waits until the condition is true. Moves the clock as far as needed. */
    waitFor: async (condition: () => unknown, within: Within = {}): Promise<void> => {
      if (await turnUntil(condition, within)) return;
      const live = allRuns().filter((run) => !hasEnded(run));
      const states = live.map((run) => `\n  ${run.functionId} ${run.id}: ${stateOf(run)}`);
      const runs = states.length === 0 ? "No run is live." : `Live runs:${states.join("")}`;
      throw new Error(`The condition did not come true within ${within.within ?? "1d"}. ${runs}`);
    },
    /** Moves time forward. Timers fire in order, and the effects of each are complete before the next one fires. */
    advance: async (duration: string): Promise<void> => {
      const end = clock.now() + durationOf(duration);
      await turnUntil(() => false, { within: duration });
      clock.turn(end);
      await idle();
    },
    /** Resolves when no work is in progress, so that only the passing of time could change something. */
    idle,
    runs: (functionId?: string) =>
      allRuns()
        .filter((run) => functionId === undefined || isFunction(run, functionId))
        .map(viewOf),
    history: (runId: string): HistoryEntry[] => runWith(runId)?.history ?? [],
    rerun: async (runId: string): Promise<string> => {
      const run = runWith(runId);
      const id = run && running.engine.rerun(run);
      if (id === undefined) throw new Error(`There is no run ${runId} to run again.`);
      await idle();
      return id;
    },
    cancel: async (runId: string): Promise<void> => {
      const run = runWith(runId);
      if (run) running.engine.cancel(run);
      await idle();
    },
    /** Stops the engine without any cleanup, and starts another engine with the committed state. */
    crash: restart,
    usage: (): Usage => running.engine.usage(),
    /** Calls to the app so far. */
    calls: () => faults.calls,
    /** Stops the engine after the calls in flight have ended. */
    close: async (): Promise<void> => {
      await running.activity.settled();
      await running.engine.stop();
    },
  };
}
