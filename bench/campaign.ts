import { execFile } from "node:child_process";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { campaignContent, peopleAsCsv } from "./campaign-content.ts";
import { type BenchStack, benchStack } from "./campaign-stack.ts";

/**
 * Requests in flight at the provider, its latency, and mails per request: the same values with which other queues were
 * measured.
 */
const IN_FLIGHT = 10;
const LATENCY_MS = 20;
const BATCH = 100;
const UPLOAD = 10_000;

type Round = {
  seconds: number;
  planSeconds: number;
  bareSeconds: number;
  sqlPerRecipient: number;
  executionsPer10k: number;
  duplicates: number;
};
type CampaignView = {
  status: string;
  queuedAt: string;
  startedAt: string;
  endedAt: string;
  counts: { sent: number };
};

/**
 * Compares the speed of a campaign with sending the same mails without a ledger.
 *
 *   npm run bench -- campaign [--recipients 100000] [--rounds 5] [--json]
 *   npm run bench -- campaign --pace 5 [--recipients 10000]     with the provider's own rate limit instead
 */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      recipients: { type: "string", default: "" },
      rounds: { type: "string", default: "5" },
      pace: { type: "string", default: "" },
      json: { type: "boolean", default: false },
    },
  });
  const isPaced = values.pace !== "";
  const recipients = Number(values.recipients || (isPaced ? 10_000 : 100_000));
  const stack = await benchStack({
    MAIL_MAX_IN_FLIGHT: String(IN_FLIGHT),
    CAMPAIGN_BATCH_SIZE: String(BATCH),
    ...(isPaced ? {} : { MAIL_REQUESTS_PER_SECOND: "0" }),
  });
  try {
    await stack.control("latency", { latencyMs: LATENCY_MS });
    const listId = await load(stack, recipients);
    if (isPaced) await paced(stack, listId, recipients, Number(values.pace));
    else await unpaced(stack, listId, recipients, Number(values.rounds), values.json);
  } finally {
    await stack.stop();
  }
}

async function unpaced(stack: BenchStack, listId: string, recipients: number, count: number, json: boolean) {
  // One round that does not count: it loads all code and opens all connections, as in a running site.
  await bare(stack, recipients);
  await send(stack, listId);
  const rounds: Round[] = [];
  for (let n = 0; n < count; n++) {
    const bareSeconds = await bare(stack, recipients);
    const round = { bareSeconds, ...(await measure(stack, listId, recipients)) };
    rounds.push(round);
    if (!json) console.log(describe(round, recipients));
  }
  const of = (pick: (round: Round) => number) => median(rounds.map(pick));
  const { maxInFlight } = await stack.control<{ maxInFlight: number }>("stats");
  const result = {
    recipientsPerSecond: Math.round(recipients / of(({ seconds }) => seconds)),
    limitPerSecond: Math.round(recipients / of(({ bareSeconds }) => bareSeconds)),
    ratioToLimit: round3(of(({ bareSeconds, seconds }) => bareSeconds / seconds)),
    sqlPerRecipient: round3(
      of(({ sqlPerRecipient }) => sqlPerRecipient),
      4,
    ),
    executionsPer10k: round3(
      of(({ executionsPer10k }) => executionsPer10k),
      1,
    ),
    peakRssMb: {
      site: stack.peakRssMb("site"),
      engine: stack.peakRssMb("engine"),
      gateway: stack.peakRssMb("supabase"),
    },
    planSeconds: round3(of(({ planSeconds }) => planSeconds)),
    ratioWithPlanning: round3(
      of(({ bareSeconds, seconds, planSeconds }) => bareSeconds / (seconds + planSeconds)),
    ),
    maxInFlight,
    duplicates: rounds.reduce((sum, { duplicates }) => sum + duplicates, 0),
  };
  if (!json) {
    console.log(
      "\nSending: from the first batch marked to the campaign closed. Planning: from the accepted request to the first batch marked.\n" +
        "Limit: the same mails in the same batches, rendered and sent by the same code with no ledger, from a process of its own.\n" +
        `Medians of ${count} rounds.\n`,
    );
  }
  console.log(JSON.stringify(result));
}

/** Uploads subscribers to a new list as CSV. */
async function load(stack: BenchStack, count: number, firstNumber = 1): Promise<string> {
  const { id } = await stack.call<{ id: string }>("POST", "/api/lists", { name: `${count} people` });
  for (let done = 0; done < count; done += UPLOAD) {
    await stack.call(
      "POST",
      `/api/lists/${id}/subscribers`,
      peopleAsCsv(firstNumber + done, Math.min(UPLOAD, count - done)),
    );
  }
  return id;
}

async function send(stack: BenchStack, listId: string): Promise<{ id: string; view: CampaignView }> {
  const { id } = await stack.call<{ id: string }>("POST", "/api/campaigns", { listId, ...campaignContent });
  await stack.call("POST", `/api/campaigns/${id}/send`);
  for (;;) {
    // Asks the database directly and rarely, so that measuring does not slow the campaign down.
    const { rows } = await stack.sql.query("select status from campaigns where id = $1", [id]);
    if (rows[0].status === "completed") break;
    if (rows[0].status !== "queued" && rows[0].status !== "sending")
      throw new Error(`The campaign is ${rows[0].status}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { id, view: await stack.call<CampaignView>("GET", `/api/campaigns/${id}`) };
}

async function measure(stack: BenchStack, listId: string, recipients: number) {
  const [statements, { executions }] = [await stack.statements(), await stack.usage()];
  const { id, view } = await send(stack, listId);
  if (view.counts.sent !== recipients) throw new Error(`${view.counts.sent} of ${recipients} were sent`);
  await new Promise((resolve) => setTimeout(resolve, 300)); // the last run's end is written down after the campaign's
  const { duplicates } = await stack.control<{ duplicates: number }>(`stats?campaign_id=${id}`);
  return {
    seconds: secondsBetween(view.startedAt, view.endedAt),
    planSeconds: secondsBetween(view.queuedAt, view.startedAt),
    sqlPerRecipient: ((await stack.statements()) - statements) / recipients,
    executionsPer10k: (((await stack.usage()).executions - executions) / recipients) * 10_000,
    duplicates,
  };
}

async function bare(stack: BenchStack, recipients: number): Promise<number> {
  const script = join(import.meta.dirname, "campaign-bare.ts");
  const args = ["--import", "tsx", script, stack.urls.mail, stack.apiKey, recipients, BATCH, IN_FLIGHT].map(
    String,
  );
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return (JSON.parse(stdout) as { seconds: number }).seconds;
}

async function paced(stack: BenchStack, listId: string, recipients: number, pace: number) {
  await stack.control("rate", { requestsPerSecond: pace });
  type Stats = { requests: number; byStatus: Record<string, number>; duplicates: number };
  const before = await stack.control<Stats>("stats");
  const [statements, { executions }] = [await stack.statements(), await stack.usage()];
  const { view } = await send(stack, listId);
  const after = await stack.control<Stats>("stats");
  const requests = after.requests - before.requests;
  const refused = (after.byStatus["429"] ?? 0) - (before.byStatus["429"] ?? 0);
  const bound = recipients / BATCH / pace;
  console.log(
    JSON.stringify({
      seconds: round3(secondsBetween(view.queuedAt, view.endedAt)),
      boundSeconds: bound,
      overBound: round3(secondsBetween(view.queuedAt, view.endedAt) / bound),
      share429: round3(refused / requests, 4),
      requests,
      sqlPerRecipient: round3(((await stack.statements()) - statements) / recipients, 4),
      executionsPer10k: Math.round((((await stack.usage()).executions - executions) / recipients) * 10_000),
      duplicates: after.duplicates - before.duplicates,
    }),
  );
}

const describe = (
  { seconds, planSeconds, bareSeconds, sqlPerRecipient, executionsPer10k }: Round,
  recipients: number,
) =>
  `${Math.round(recipients / seconds)}/s in ${seconds.toFixed(2)} s after ${planSeconds.toFixed(2)} s of planning; limit ${Math.round(recipients / bareSeconds)}/s; ` +
  `ratio ${(bareSeconds / seconds).toFixed(3)}; ${sqlPerRecipient.toFixed(4)} statements a recipient; ${executionsPer10k.toFixed(1)} executions per 10,000`;

const secondsBetween = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 1000;
const round3 = (value: number, digits = 3) => Number(value.toFixed(digits));
const median = (values: number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
