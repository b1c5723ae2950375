import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { commandOptions, numberOption } from "@nightshift/local/command-options.ts";
import { round3 } from "./campaign-send.ts";
import { type BenchStack, benchStack } from "./campaign-stack.ts";
import { cpuMsOf } from "./cpu.ts";
import { SECRET, sendAll, signedPosts } from "./webhooks-posts.ts";

const USAGE = "npm run bench -- webhooks [--posts 5000] [--at-once 32] [--json]";

const WARM_UP_POSTS = 1_000;

/**
 * How many signed webhooks a second are acknowledged: verified, stored, and their jobs accepted, while the engine
 * starts the jobs of those that came before. The limit is an HTTP server that only verifies the signature.
 */
export async function run(args: string[]): Promise<void> {
  const { values } = commandOptions(USAGE, {
    args,
    options: {
      posts: { type: "string", default: "5000" },
      "at-once": { type: "string", default: "32" },
      json: { type: "boolean", default: false },
    },
  });
  const [count, atOnce] = [numberOption("posts", values.posts), numberOption("at-once", values["at-once"])];
  const stack = await benchStack({ STRIPE_WEBHOOK_SECRET: SECRET, STRIPE_API_KEY: "" });
  try {
    const post = (posts: number, tag: string) =>
      sendAll(`${stack.urls.site}/api/webhooks/stripe`, signedPosts(posts, tag), atOnce);
    // A running site has loaded its code and opened its connections.
    await post(WARM_UP_POSTS, "warm-up-");
    await handled(stack);
    const limitBefore = await limitOf(count, atOnce);
    const [statements, cpu] = [await statementsOf(stack), await cpuOf(stack)];
    const { seconds, timesMs } = await post(count, "measured-");
    const [spent, sqlPerAck] = [await cpuOf(stack), ((await statementsOf(stack)) - statements) / count];
    const limitPerSecond = (limitBefore + (await limitOf(count, atOnce))) / 2;
    await requireStored(stack, count);
    if (!values.json) {
      const each = Object.entries(spent).map(([name, ms]) => [name, round3((ms - (cpu[name] ?? 0)) / count)]);
      console.log("CPU per acknowledged webhook in ms, handling included:", Object.fromEntries(each));
      console.log(`All were handled ${Math.round(await handled(stack))} s later.\n`);
    }
    const figures = {
      acksPerSecond: Math.round(count / seconds),
      p50Ms: at(timesMs, 0.5),
      p99Ms: at(timesMs, 0.99),
      limitPerSecond: Math.round(limitPerSecond),
      ratioToLimit: round3(count / seconds / limitPerSecond),
      sqlPerAck: round3(sqlPerAck),
    };
    console.log(JSON.stringify(figures));
  } finally {
    await stack.stop();
  }
}

const at = (timesMs: readonly number[], share: number) =>
  round3(
    timesMs.toSorted((one, other) => one - other)[Math.ceil(timesMs.length * share) - 1] ?? Number.NaN,
    1,
  );

/** The acknowledged requests per second of the bare server. */
async function limitOf(count: number, atOnce: number): Promise<number> {
  const script = join(import.meta.dirname, "webhooks-limit.ts");
  const server = spawn(process.execPath, ["--import", "tsx", script, SECRET], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [port] = (await once(server.stdout, "data")) as [Buffer];
    const url = `http://127.0.0.1:${port.toString().trim()}/`;
    await sendAll(url, signedPosts(WARM_UP_POSTS, "limit-"), atOnce);
    return count / (await sendAll(url, signedPosts(count, "limit-"), atOnce)).seconds;
  } finally {
    server.kill();
  }
}

/** The statements of the door: they store webhooks and mark their jobs as sent. The others belong to the handling. */
async function statementsOf({ sql }: BenchStack): Promise<number> {
  const { rows } = await sql.query(
    `select coalesce(sum(calls), 0)::int as calls from pg_stat_statements
     where query ~ '"(receive_webhook|mark_jobs_sent)"'`,
  );
  return rows[0].calls;
}

async function cpuOf({ sql, processes }: BenchStack): Promise<Record<string, number>> {
  const { rows } = await sql.query<{ pid: number }>("select pid from pg_stat_activity");
  const { user, system } = process.cpuUsage();
  return {
    sender: (user + system) / 1000,
    ...Object.fromEntries(processes.map(({ name, pid }) => [name, pid === undefined ? 0 : cpuMsOf(pid)])),
    postgres: rows.reduce((sum, { pid }) => sum + cpuMsOf(pid), 0),
  };
}

/** Nine of ten posts are different. */
async function requireStored({ sql }: BenchStack, count: number): Promise<void> {
  const { rows } = await sql.query(
    `select count(*)::int as stored, count(jobs.id)::int as jobs
     from webhook_inbox as inbox left join jobs on jobs.id = inbox.id where object_key like 'stripe:pi_measured-%'`,
  );
  const expected = count - Math.floor(count / 10);
  if (rows[0].stored !== expected || rows[0].jobs !== expected) {
    throw new Error(`${rows[0].stored} of ${expected} webhooks were stored, ${rows[0].jobs} with a job`);
  }
}

/** Resolves when every webhook is handled; returns the seconds it took. */
async function handled({ sql }: BenchStack): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    const { rows } = await sql.query("select count(*)::int as n from webhook_inbox where handled_at is null");
    if (rows[0].n === 0) return (performance.now() - startedAt) / 1000;
    await wait(500);
  }
}
