/**
 * `npm run bench -- engine [--json] [--runs 100000] [--postgres]`: the local engine in its own process, an app with the
 * real SDK in this one, and HTTP between them. The SDK itself takes 2-3 ms of CPU per request, so the engine is
 * measured by the time that it adds and by its share of the CPU. The engine's state is in memory, unless `--postgres`
 * is given.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandOptions, numberOption } from "@nightshift/local/command-options.ts";
import { startPostgres } from "@nightshift/local/supabase/postgres.ts";
import { type EngineBench, openBench } from "./engine-bench.ts";

const USAGE = "npm run bench -- engine [--runs 100000] [--postgres] [--json]";

const IN_FLIGHT = 50;
const LOAD = { "0": 1500, "1": 1000, "10": 300 } as const;

type Say = (line: string) => void;

export async function run(args: string[]): Promise<void> {
  const { values } = commandOptions(USAGE, {
    args,
    options: {
      json: { type: "boolean", default: false },
      runs: { type: "string", default: "100000" },
      postgres: { type: "boolean", default: false },
    },
  });
  const runs = numberOption("runs", values.runs);
  const began = performance.now();
  const say = (line: string) => {
    const words = `${String(Math.round((performance.now() - began) / 1000)).padStart(4)} s  ${line}`;
    if (values.json) console.error(words);
    else console.log(words);
  };
  const database = values.postgres ? await throwawayPostgres() : undefined;
  const bench = await openBench(database ? ["--database-url", database.url] : []);
  try {
    const figures = await Promise.race([measure(bench, say, runs), bench.stalled]);
    console.log(JSON.stringify(figures));
  } finally {
    await bench.close();
    await database?.stop();
  }
}

async function measure(bench: EngineBench, say: Say, runs: number) {
  say("warming up");
  await bench.many("steps-1", 300, IN_FLIGHT); // Warms the JIT compiler up
  const { runsPerSecond, engineShareOfCpu } = await measureThroughput(bench, say);
  const added = await measureAdded(bench, say);
  const engineMsPerRunBeside = await measureCrowd(bench, say);
  const memory = await measureMemory(bench, say, runs);
  return { runsPerSecond, ...added, engineShareOfCpu, ...memory, engineMsPerRunBeside };
}

async function measureThroughput(bench: EngineBench, say: Say) {
  const runsPerSecond: Record<string, number> = {};
  const before = bench.cpuMs();
  for (const [steps, count] of Object.entries(LOAD)) {
    const seconds = await bench.many(`steps-${steps}`, count, IN_FLIGHT);
    runsPerSecond[steps] = Math.round(count / seconds);
    say(`${steps} steps: ${runsPerSecond[steps]} runs/s, ${IN_FLIGHT} in flight`);
  }
  const after = bench.cpuMs();
  const engine = after.engine - before.engine;
  const engineShareOfCpu = round(engine / (engine + after.app - before.app));
  say(`the engine's share of the CPU: ${engineShareOfCpu}`);
  return { runsPerSecond, engineShareOfCpu };
}

/** One run at a time: measures the time between an event and the end of its run, minus the app's own answers. */
async function measureAdded(bench: EngineBench, say: Say) {
  const bare = median(await bench.bareCalls(300));
  const none = median(await bench.oneByOne("steps-0", 300));
  const ten = median(await bench.oneByOne("steps-10", 100));
  say(
    `one at a time: ${round(none)} ms without steps (the app's own answer ${round(bare)} ms), ${round(ten)} ms with ten`,
  );
  return { addedMsPerRun: round(none - bare), addedMsPerStep: round((ten - none) / 10) };
}

/** Shows that the cost of a run does not depend on how many other runs are unfinished. */
async function measureCrowd(bench: EngineBench, say: Say): Promise<Record<string, number>> {
  const cost: Record<string, number> = {};
  let alive = 0;
  for (const count of [10, 1_000, 10_000]) {
    await bench.plain("sleeper", count - alive);
    alive = count;
    const before = bench.cpuMs().engine;
    await bench.many("steps-0", 1000, IN_FLIGHT);
    const each = round((bench.cpuMs().engine - before) / 1000);
    say(`the engine's CPU for a run: ${each} ms beside ${count} sleeping runs`);
    cost[count] = each;
  }
  return cost;
}

async function measureMemory(bench: EngineBench, say: Say, total: number) {
  const rssMb: number[] = [];
  const heapMb: number[] = [];
  const cpuBefore = bench.cpuMs().engine;
  const began = performance.now();
  for (let part = 1; part <= 5; part++) {
    await bench.plain("plain", Math.ceil(total / 5));
    const memory = await bench.memory();
    rssMb.push(memory.rssMb);
    heapMb.push(memory.heapMb);
    const ended = Math.ceil((total / 5) * part);
    say(`after ${ended} ended runs: ${memory.rssMb} MB, of them ${memory.heapMb} MB of living heap`);
  }
  const cpuMs = round((bench.cpuMs().engine - cpuBefore) / total);
  const perSecond = Math.round(total / ((performance.now() - began) / 1000));
  say(`without the SDK: ${perSecond} runs/s, ${cpuMs} ms of the engine's CPU for each`);
  return { rssMbAfter100k: rssMb.at(-1) ?? 0, rssMbAlongTheWay: rssMb, livingHeapMbAlongTheWay: heapMb };
}

async function throwawayPostgres(): Promise<{ url: string; stop(): Promise<void> }> {
  const directory = mkdtempSync(join(tmpdir(), "nightshift-bench-"));
  const postgres = await startPostgres({ dataDir: join(directory, "postgres") });
  return {
    url: postgres.url,
    stop: async () => {
      await postgres.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const round = (value: number) => Math.round(value * 100) / 100;
const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
