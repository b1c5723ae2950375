import { Activity } from "./activity.ts";
import { createApi } from "./api.ts";
import type { Clock } from "./clock.ts";
import { Engine } from "./engine.ts";
import type { EngineOptions } from "./engine-options.ts";
import type { Store } from "./store.ts";

/**
 * An engine under test, from its start until a test kills it. A killed engine writes nothing more and makes no more
 * calls. A call to the app that was in flight continues in the app, but its answer is lost, as after a `kill -9`.
 */
export type KillableEngine = Awaited<ReturnType<typeof startKillableEngine>>;

type Options = Omit<EngineOptions, "activity"> & { store: Store; clock: Clock };

export async function startKillableEngine(options: Options) {
  let isAlive = true;
  const activity = new Activity();
  const { clock, store } = options;
  const engine = new Engine({
    ...options,
    activity,
    clock: {
      now: () => clock.now(),
      beginOf: (eventTime) => clock.beginOf(eventTime),
      at: (time, callback) => clock.at(time, () => void (isAlive && callback())),
    },
    store: { ...store, commit: (group) => (isAlive ? store.commit(group) : Promise.resolve()) },
  });
  await engine.restore();
  return {
    engine,
    activity,
    api: createApi(engine, { signingKey: options.signingKey }),
    kill: () => {
      isAlive = false;
      engine.halt();
    },
  };
}
