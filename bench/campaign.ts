import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { commandOptions, numberOption } from "@nightshift/local/command-options.ts";
import { memoryOfSite } from "@nightshift/local/stack/node.ts";
import { paced } from "./campaign-paced.ts";
import { BATCH, load, round3, secondsBetween, send } from "./campaign-send.ts";
import { type BenchStack, benchStack } from "./campaign-stack.ts";
import { measureCpu } from "./cpu.ts";
import { withCompiled } from "./with-compiled.ts";

const USAGE = `npm run bench -- campaign [--recipients 100000] [--rounds 5] [--json]
npm run bench -- campaign --pace 5 [--recipients 10000]     with the provider's own rate limit instead`;

/**
 * The number of requests in flight at the provider, and the provider's latency. Other queues were measured with the
 * same values, and with the same BATCH.
 */
const IN_FLIGHT = 10;
const LATENCY_MS = 20;

type Round = {
  seconds: number;
  planSeconds: number;
  bareSeconds: number;
  sqlPerRecipient: number;
  executionsPer10k: number;
  duplicates: number;
  /** By process, planning included. */
  cpuMsPerBatch: Record<string, number>;
};

/**
 * Compares the speed of a campaign with sending the same mails without a ledger.
 */
export async function run(args: string[]): Promise<void> {
  const { values } = commandOptions(USAGE, {
    args,
    options: {
      recipients: { type: "string", default: "" },
      rounds: { type: "string", default: "5" },
      pace: { type: "string", default: "" },
      json: { type: "boolean", default: false },
    },
  });
  const isPaced = values.pace !== "";
  const recipients = numberOption("recipients", values.recipients || (isPaced ? "10000" : "100000"));
  const pace = isPaced ? numberOption("pace", values.pace, 0.1) : 0;
  const rounds = numberOption("rounds", values.rounds);
  const stack = await benchStack({
    MAIL_MAX_IN_FLIGHT: String(IN_FLIGHT),
    CAMPAIGN_BATCH_SIZE: String(BATCH),
    ...(isPaced ? {} : { MAIL_REQUESTS_PER_SECOND: "0" }),
  });
  try {
    await stack.control("latency", { latencyMs: LATENCY_MS });
    const listId = await load(stack, recipients);
    if (isPaced) await paced(stack, listId, recipients, pace);
    else await unpaced(stack, listId, recipients, rounds, values.json);
  } finally {
    await stack.stop();
  }
}

async function unpaced(stack: BenchStack, listId: string, recipients: number, count: number, json: boolean) {
  // The first round is not measured: it loads all code and opens all connections, which a running site has already
  // done.
  await bare(stack, recipients);
  await send(stack, listId);
  const rounds: Round[] = [];
  for (let n = 0; n < count; n++) {
    const bareSeconds = await bare(stack, recipients);
    const round = { bareSeconds, ...(await measure(stack, listId, recipients)) };
    rounds.push(round);
    if (!json) {
      console.log(describe(round, recipients));
      console.log("CPU per batch in ms, with planning:", round.cpuMsPerBatch);
    }
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

async function measure(stack: BenchStack, listId: string, recipients: number) {
  const [statements, { executions }] = [await stack.statements(), await stack.usage()];
  const cpuSpent = await measureCpu(stack);
  const { id, view } = await send(stack, listId);
  const cpuMsPerBatch = await cpuSpent(recipients / BATCH);
  if (view.counts.sent !== recipients) throw new Error(`${view.counts.sent} of ${recipients} were sent`);
  await new Promise((resolve) => setTimeout(resolve, 300)); // The campaign ends before the end of its last run is recorded
  const { duplicates } = await stack.control<{ duplicates: number }>(`stats?campaign_id=${id}`);
  return {
    seconds: secondsBetween(view.startedAt, view.endedAt),
    planSeconds: secondsBetween(view.queuedAt, view.startedAt),
    sqlPerRecipient: ((await stack.statements()) - statements) / recipients,
    executionsPer10k: (((await stack.usage()).executions - executions) / recipients) * 10_000,
    duplicates,
    cpuMsPerBatch,
  };
}

async function bare(stack: BenchStack, recipients: number): Promise<number> {
  const args = [stack.urls.mail, stack.apiKey, recipients, BATCH, IN_FLIGHT].map(String);
  // The program gets the site's memory limits, because they decide how often V8 collects garbage.
  const { stdout } = await withCompiled("campaign-bare", (script) =>
    promisify(execFile)(process.execPath, [...memoryOfSite, script, ...args]),
  );
  return (JSON.parse(stdout) as { seconds: number }).seconds;
}

const describe = (
  { seconds, planSeconds, bareSeconds, sqlPerRecipient, executionsPer10k }: Round,
  recipients: number,
) =>
  `${Math.round(recipients / seconds)}/s in ${seconds.toFixed(2)} s after ${planSeconds.toFixed(2)} s of planning; limit ${Math.round(recipients / bareSeconds)}/s; ` +
  `ratio ${(bareSeconds / seconds).toFixed(3)}; ${sqlPerRecipient.toFixed(4)} statements a recipient; ${executionsPer10k.toFixed(1)} executions per 10,000`;

const median = (values: number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
