import { request as send } from "undici";
import { startApp } from "./engine-app.ts";
import { startEngine } from "./engine-process.ts";

const STALL_MS = 30_000;

export type EngineBench = Awaited<ReturnType<typeof openBench>>;

/**
 * An engine process, and an app in this process: runs are started over HTTP, and their ends are measured in the app.
 */
export async function openBench(flags: string[] = []) {
  const engine = await startEngine(flags);
  const app = await startApp(engine.url);
  const registered = await send(app.url, { method: "PUT" });
  if (registered.statusCode !== 200)
    throw new Error(`the engine refused the app: ${await registered.body.text()}`);

  const post = async (events: object[]) => {
    const { statusCode, body } = await send(`${engine.url}/e/bench`, {
      method: "POST",
      body: JSON.stringify(events),
    });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`events refused: ${statusCode} ${text}`);
  };
  let sent = 0;
  /** Measures one run from its event to the app's last answer. */
  const one = async (id: string): Promise<number> => {
    const n = ++sent;
    const began = performance.now();
    const ended = app.ended(n);
    await post([{ name: id, data: { n } }]);
    await ended;
    return performance.now() - began;
  };

  let watch: NodeJS.Timeout | undefined;
  /** Throws when runs do not end, so that the benchmark does not wait forever. */
  const stalled = new Promise<never>((_, reject) => {
    watch = setInterval(() => {
      if (performance.now() - app.seen.lastCallAt > STALL_MS)
        reject(
          new Error(`The engine has made no call for ${STALL_MS / 1000} s: a run was lost or has failed.`),
        );
    }, 1000);
  });
  stalled.catch(() => {});

  return {
    stalled,
    cpuMs: () => ({ engine: engine.cpuMs(), app: ownCpuMs() }),
    memory: engine.memory,

    /** Runs `count` times with `inFlight` runs at once, and returns how many seconds that took. */
    many: async (id: string, count: number, inFlight: number): Promise<number> => {
      const began = performance.now();
      let left = count;
      const worker = async () => {
        while (left-- > 0) await one(id);
      };
      await Promise.all(Array.from({ length: inFlight }, worker));
      return (performance.now() - began) / 1000;
    },

    oneByOne: (id: string, count: number) => inTurn(count, () => one(id)),

    /** Sends the engine's request directly to the app, to measure the cost of a run without an engine. */
    bareCalls: (count: number) =>
      inTurn(count, async () => {
        const { url, body } = app.sample();
        const began = performance.now();
        const headers = { "content-type": "application/json", "x-inngest-server-kind": "dev" };
        const answer = await send(url, { method: "POST", headers, body });
        await answer.body.dump();
        return performance.now() - began;
      }),

    /** Runs that are answered without the SDK, with a hundred events per request and a thousand runs at once. */
    plain: async (id: "plain" | "sleeper", count: number): Promise<void> => {
      const goal = app.seen.plain + count;
      const answered = (least: number) => eventually(() => app.seen.plain >= least);
      for (let left = count; left > 0; left -= 100) {
        await answered(goal - left - 900);
        await post(Array.from({ length: Math.min(100, left) }, () => ({ name: id, data: { n: 0 } })));
      }
      await answered(goal);
    },

    close: async (): Promise<void> => {
      clearInterval(watch);
      await engine.stop();
      await app.close();
    },
  };
}

async function inTurn(count: number, measure: () => Promise<number>): Promise<number[]> {
  const values: number[] = [];
  for (let n = 0; n < count; n++) values.push(await measure());
  return values;
}

async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const ownCpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
