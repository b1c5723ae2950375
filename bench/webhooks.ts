import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { commandOptions, numberOption } from "@nightshift/local/command-options.ts";
import { round3 } from "./campaign-send.ts";
import { type BenchStack, benchStack } from "./campaign-stack.ts";
import { measureCpu } from "./cpu.ts";
import { SECRET, sendAll, signedPosts } from "./webhooks-posts.ts";
import { withCompiled } from "./with-compiled.ts";

const USAGE = "npm run bench -- webhooks [--posts 5000] [--at-once 32] [--json]";

/** With fewer requests, V8 still compiled code during the measurement, which took a third of the site's CPU time. */
const WARM_UP_POSTS = 4_000;
const WARM_UP_HANDLED = 200;

/**
 * Measures how many signed webhooks a second are acknowledged: each is verified and stored, and its job is accepted.
 * In the first measurement the function that handles webhooks is paused; in the second, the machine handles webhooks at
 * the same time. Both rates are compared with an HTTP server that only verifies the signature.
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
    await pauseOrResume(stack, "pause");
    // Warms the site up, because a running site has already compiled its code and opened its connections.
    await sendAll(addressOf(stack), signedPosts(WARM_UP_POSTS, "warm-up-"), atOnce);
    const limitBefore = await limitOf(count, atOnce);
    const held = await measure(stack, "held", count, atOnce);
    const limitPerSecond = (limitBefore + (await limitOf(count, atOnce))) / 2;
    await deleteWaiting(stack);
    await pauseOrResume(stack, "resume");
    await sendAll(addressOf(stack), signedPosts(WARM_UP_HANDLED, "warm-up-handled-"), atOnce);
    while ((await waitingOf(stack)) > 0) await wait(100);
    const handling = await measure(stack, "handling", count, atOnce);
    if (!values.json) {
      console.log("CPU per acknowledged webhook in ms:", held.cpuMs);
      console.log("CPU per acknowledged webhook in ms, with the handling:", handling.cpuMs);
      console.log(`Handled at the same time: ${Math.round(handling.handledPerSecond)} webhooks a second\n`);
    }
    const figuresOf = ({ perSecond, p50Ms, p99Ms, sqlPerAck }: Measured) => ({
      acksPerSecond: Math.round(perSecond),
      p50Ms,
      p99Ms,
      ratioToLimit: round3(perSecond / limitPerSecond),
      sqlPerAck,
    });
    const figures = { ...figuresOf(held), limitPerSecond: Math.round(limitPerSecond) };
    console.log(JSON.stringify({ ...figures, whileHandling: figuresOf(handling) }));
  } finally {
    await stack.stop();
  }
}

const addressOf = ({ urls }: BenchStack) => `${urls.site}/api/webhooks/stripe`;

type Measured = Awaited<ReturnType<typeof measure>>;

async function measure(stack: BenchStack, tag: string, count: number, atOnce: number) {
  const posts = signedPosts(count, `${tag}-`);
  const [statements, cpuSpent] = [await statementsOf(stack), await measureCpu(stack)];
  const { seconds, timesMs } = await sendAll(addressOf(stack), posts, atOnce);
  const [cpuMs, sqlPerAck] = [await cpuSpent(count), ((await statementsOf(stack)) - statements) / count];
  const handled = await requireStored(stack, tag, count);
  return {
    perSecond: count / seconds,
    handledPerSecond: handled / seconds,
    p50Ms: at(timesMs, 0.5),
    p99Ms: at(timesMs, 0.99),
    sqlPerAck: round3(sqlPerAck),
    cpuMs,
  };
}

async function pauseOrResume({ urls, keys }: BenchStack, verb: "pause" | "resume"): Promise<void> {
  const url = `${urls.site}/api/functions/process-webhook/${verb}`;
  const answer = await fetch(url, { method: "POST", headers: { authorization: `Bearer ${keys.admin}` } });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
}

const at = (timesMs: readonly number[], share: number) =>
  round3(
    timesMs.toSorted((one, other) => one - other)[Math.ceil(timesMs.length * share) - 1] ?? Number.NaN,
    1,
  );

/** How many requests per second are acknowledged by a server that only verifies signatures. */
const limitOf = (count: number, atOnce: number): Promise<number> =>
  withCompiled("webhooks-limit", async (script) => {
    const server = spawn(process.execPath, [script, SECRET], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      const [port] = (await once(server.stdout, "data")) as [Buffer];
      const url = `http://127.0.0.1:${port.toString().trim()}/`;
      await sendAll(url, signedPosts(WARM_UP_POSTS, "limit-"), atOnce);
      return count / (await sendAll(url, signedPosts(count, "limit-"), atOnce)).seconds;
    } finally {
      server.kill();
    }
  });

/**
 * The number of statements that store webhooks and mark their jobs as sent. Other statements belong to the handling of
 * webhooks.
 */
async function statementsOf({ sql }: BenchStack): Promise<number> {
  const { rows } = await sql.query(
    `select coalesce(sum(calls), 0)::int as calls from pg_stat_statements
     where query ~ '"(receive_webhooks|mark_jobs_sent)"'`,
  );
  return rows[0].calls;
}

/**
 * Throws unless each different webhook was stored with a job; one of ten posts repeats an earlier webhook. Returns how
 * many of them have been handled so far.
 */
async function requireStored({ sql }: BenchStack, tag: string, count: number): Promise<number> {
  const { rows } = await sql.query(
    `select count(*)::int as stored, count(jobs.id)::int as jobs, count(handled_at)::int as handled
     from webhook_inbox as inbox left join jobs on jobs.id = inbox.id where object_key like $1`,
    [`stripe:pi_${tag}-%`],
  );
  const expected = count - Math.floor(count / 10);
  if (rows[0].stored !== expected || rows[0].jobs !== expected) {
    throw new Error(`${rows[0].stored} of ${expected} webhooks were stored, ${rows[0].jobs} with a job`);
  }
  return rows[0].handled;
}

async function waitingOf({ sql }: BenchStack): Promise<number> {
  const { rows } = await sql.query(
    "select count(*)::int as n from webhook_inbox where verdict = 'received' and handled_at is null",
  );
  return rows[0].n;
}

/** Deletes the webhooks of the first measurement, because handling them would take minutes. */
async function deleteWaiting({ sql }: BenchStack): Promise<void> {
  await sql.query("delete from jobs using webhook_inbox as inbox where jobs.id = inbox.id");
  await sql.query("delete from webhook_inbox");
}
