/**
 * `npm run bench -- engine [--json] [--runs 100000]`: the local engine as a process of its own, an app with the real SDK
 * in this one, HTTP between them. What the SDK itself needs (2-3 ms of CPU a request) is the limit, so the engine is
 * measured by what it adds and by its share of the CPU.
 */
import { parseArgs } from "node:util";
import { type EngineBench, openBench } from "./engine-bench.ts";

const IN_FLIGHT = 50;
const LOAD = { "0": 1500, "1": 1000, "10": 300 } as const;

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { json: { type: "boolean", default: false }, runs: { type: "string", default: "100000" } },
  });
  const say = (line: string) => (values.json ? console.error(line) : console.log(line));
  const bench = await openBench();
  try {
    await bench.many("steps-1", 300, IN_FLIGHT); // the JIT's share
    const throughput = await measureThroughput(bench, say);
    const added = await measureAdded(bench, say);
    await measureCrowd(bench, say);
    const rssMbAfter100k = await measureMemory(bench, say, Number(values.runs));
    const { runsPerSecond, engineShareOfCpu } = throughput;
    console.log(JSON.stringify({ runsPerSecond, ...added, engineShareOfCpu, rssMbAfter100k }));
  } finally {
    await bench.close();
  }
}

type Say = (line: string) => void;

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

/** One run at a time: what passes between an event and the run's end, less the app's own answer. */
async function measureAdded(bench: EngineBench, say: Say) {
  const bare = median(await bench.bareCalls(300));
  const none = median(await bench.oneByOne("steps-0", 300));
  const ten = median(await bench.oneByOne("steps-10", 100));
  say(
    `one at a time: ${round(none)} ms without steps (the app's own answer ${round(bare)} ms), ${round(ten)} ms with ten`,
  );
  return { addedMsPerRun: round(none - bare), addedMsPerStep: round((ten - none) / 10) };
}

/** What a run costs must not depend on how many others are alive. */
async function measureCrowd(bench: EngineBench, say: Say): Promise<void> {
  const engineMsPerRun = async () => {
    const before = bench.cpuMs().engine;
    await bench.many("steps-0", 1000, IN_FLIGHT);
    return round((bench.cpuMs().engine - before) / 1000);
  };
  await bench.sleepers(10);
  const few = await engineMsPerRun();
  await bench.sleepers(9_990);
  const many = await engineMsPerRun();
  say(`the engine's CPU for a run: ${few} ms beside 10 sleeping runs, ${many} ms beside 10,000`);
}

async function measureMemory(bench: EngineBench, say: Say, total: number): Promise<number> {
  for (let part = 1; part <= 4; part++) {
    await bench.many("steps-0", Math.ceil(total / 4), IN_FLIGHT);
    say(`after ${Math.ceil((total / 4) * part)} ended runs: ${bench.rssMb()} MB`);
  }
  return bench.rssMb();
}

const round = (value: number) => Math.round(value * 100) / 100;
const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
