import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import { setTimeout } from "node:timers/promises";
import { commandOptions, numberOption } from "@nightshift/local/command-options.ts";
import { createClient } from "#client/index.ts";
import { type BenchStack, benchStack } from "./campaign-stack.ts";

const USAGE = "npm run bench -- live [--clients 100] [--seconds 30] [--json]";

const CHANGES_PER_SECOND = 10;
const JOBS = 50;

/**
 * Measures the time from the commit of a change until every client that follows a stream has received the change. The
 * streams end regularly, and the clients reconnect.
 */
export async function run(args: string[]): Promise<void> {
  const { values } = commandOptions(USAGE, {
    args,
    options: {
      clients: { type: "string", default: "100" },
      seconds: { type: "string", default: "30" },
      json: { type: "boolean", default: false },
    },
  });
  const clients = numberOption("clients", values.clients);
  const seconds = numberOption("seconds", values.seconds);
  const stack = await benchStack({});
  try {
    const watching = watchAll(stack, clients);
    await watching.allThere();
    const before = await stack.statements();
    const startedAt = performance.now();
    await change(stack, seconds, watching.committed);
    const statements = (await stack.statements()) - before;
    const elapsedSeconds = (performance.now() - startedAt) / 1000;
    while (watching.latencies.length < clients * watching.committed.size) await setTimeout(20);
    await watching.leave();
    await setTimeout(1000);
    const left = await stack.statements();
    await setTimeout(3000);
    report(values.json, {
      clients,
      events: watching.committed.size,
      ...percentiles(watching.latencies),
      statementsPerSecond: Math.round((statements / elapsedSeconds) * 10) / 10,
      statementsPerSecondWithNobody: ((await stack.statements()) - left) / 3,
    });
  } finally {
    await stack.stop();
  }
}

/** Starts clients that record the time between the commit of a change and its arrival. */
function watchAll({ urls, keys }: BenchStack, count: number) {
  const committed = new Map<string, number>();
  const latencies: number[] = [];
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const live = new Set<number>();
  const all = Array.from({ length: count }, async (_, n) => {
    const client = createClient({ baseUrl: urls.site, key: () => keys.app });
    const seen = new Map<string, number>();
    await client.watch({
      signal: stop.signal,
      onStatus: () => live.add(n),
      onChange({ jobs }) {
        const now = performance.now();
        for (const { id, revision } of jobs.values()) {
          for (let r = (seen.get(id) ?? 0) + 1; r <= revision; r++) {
            // A client may receive a change before this process knows that the change was committed.
            latencies.push(now - Math.min(now, committed.get(`${id}:${r}`) ?? now));
          }
          seen.set(id, revision);
        }
      },
    });
  });
  return {
    committed,
    latencies,
    async allThere() {
      while (live.size < count) await setTimeout(20);
    },
    async leave() {
      stop.abort();
      await Promise.all(all);
    },
  };
}

/** Starts and retries jobs for `seconds` seconds, so that changes are committed all the time. */
async function change({ sql }: BenchStack, seconds: number, committed: Map<string, number>): Promise<void> {
  const ids = Array.from({ length: JOBS }, () => randomUUID());
  const end = performance.now() + seconds * 1000;
  for (let n = 0; performance.now() < end || n < JOBS; n++) {
    const id = ids[n % JOBS];
    const round = Math.floor(n / JOBS);
    if (round === 0) {
      await sql.query("select private.insert_job($1, now())", [
        { id, owner: "local", requester: "key:bench", functionId: "walk", event: "bench/walk" },
      ]);
    } else {
      await sql.query("select start_run($1, 'bench/walk', '{}', 'walk', $1, $2, null, now())", [
        id,
        round - 1,
      ]);
    }
    committed.set(`${id}:${round + 1}`, performance.now());
    await setTimeout(1000 / CHANGES_PER_SECOND);
  }
}

function percentiles(values: readonly number[]) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.ceil(sorted.length * share) - 1] ?? 0);
  return { seen: sorted.length, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: at(1) };
}

function report(isJson: boolean, figures: Record<string, number>): void {
  if (isJson) return console.log(JSON.stringify(figures));
  for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(30)} ${value}`);
}
