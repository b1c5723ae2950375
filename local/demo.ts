import { readFileSync } from "node:fs";
import { join } from "node:path";
import { commandOptions } from "#command-options.ts";
import { type DemoApi, demoApi } from "#demo/api.ts";
import {
  batchSize,
  campaign,
  chunkSize,
  type FaultPlan,
  faultRules,
  ownStackFaults,
  recipients,
  refusedAddresses,
  runningStackFaults,
} from "#demo/content.ts";
import { type Progress, progressOf } from "#demo/progress.ts";
import { type Totals, totalsBetween } from "#demo/totals.ts";
import { faultsOf, type Verdict, verdictOf } from "#demo/verdict.ts";
import { type DemoStack, runningStack } from "#demo/where.ts";
import { errorForTerminal } from "#stack/errors.ts";
import { aborted, interruption, unlessAborted } from "#stack/interruption.ts";
import { startStack } from "#stack/stack.ts";
import { dashboardOf } from "#stack/table.ts";

const help = `npm run demo [-- --json] [-- --data-dir <path>]

Mails 1,000 subscribers while the provider answers 429 and 5xx, refuses two addresses and, for a while, the key. Then it
reprocesses what failed and counts the outcome of each mail. It uses the stack that runs on the data of this folder
(.nightshift, or --data-dir), or else one of its own. --json prints the counts as one last line. Exit code 0 only if each
recipient got exactly one mail, except the two addresses that the provider refuses for good.`;

const say = (sentence: string): void => console.error(sentence);
const fixture = join(import.meta.dirname, "../tests/fixtures/subscribers.csv");

/** Sends the campaign while the provider fails as planned, reprocesses the dead letters, and counts the outcome. */
async function runCampaign(
  stack: DemoStack,
  plan: FaultPlan,
  startedAt: number,
): Promise<{ verdict: Verdict; totals: Totals }> {
  const api = demoApi(stack);
  const before = await api.provider.totals();
  const executionsBefore = await api.executions();
  const list = await api.createList("Readers");
  const { created } = await api.upload(list.id, readFileSync(fixture, "utf8"));
  say(`\n${created} subscribers are in from a CSV: names in many scripts, commas, quotes and line breaks.`);

  await api.provider.steer("rate", { requestsPerSecond: 5 });
  await api.provider.steer("reject", { addresses: refusedAddresses });
  await api.provider.steer("faults", { rules: faultRules(plan) });
  say(
    "The mail provider answers 429 and 503 at times, refuses two addresses, and for a while refuses our key.\n",
  );

  const { id } = await api.createCampaign({ ...campaign, listId: list.id });
  const { jobId } = await api.send(id);
  const progress = progressOf(api, id, recipients);
  try {
    await followToTheEnd(api, plan, jobId, progress, before);
  } finally {
    progress.end();
    await api.provider.steer("faults", { rules: [] });
    await api.provider.steer("reject", { addresses: [] });
    await api.provider.steer("rate", { requestsPerSecond: 0 });
  }
  const { databaseUrl } = stack;
  return verdictOf({ databaseUrl, campaignId: id, jobId, startedAt, executionsBefore, before }, api);
}

/** Waits for the dead letters, ends the faults, reprocesses the dead letters, and waits until the campaign is completed. */
async function followToTheEnd(
  api: DemoApi,
  plan: FaultPlan,
  jobId: string,
  progress: Progress,
  before: Totals,
): Promise<void> {
  const { deadLetters = 1, reachedBefore = 0, waitSeconds } = plan;
  const about = waitSeconds === undefined ? "" : `, about ${waitSeconds} s`;
  await progress.follow(
    `waiting for retries${about}: work that meets the refused key becomes dead letters`,
    async ({ counts }) => {
      if (counts.sent + counts.failed < reachedBefore) return false;
      const { alerts } = totalsBetween(before, await api.provider.totals());
      return (await api.letters(jobId)).length >= deadLetters && alerts > 0;
    },
  );
  await api.provider.steer("faults", { rules: [] });
  for (const letter of await api.letters(jobId)) await api.reprocess(letter.id);
  await progress.follow("the key is accepted again, the dead letters are reprocessed", async ({ status }) => {
    if (status !== "completed") return false;
    return (await api.letters(jobId)).every(({ outcome }) => outcome !== null);
  });
}

function summaryOf(verdict: Verdict, { byStatus, alerts }: Totals): string {
  const { sent, failed, duplicates, deadLetters, reprocessed, executions, seconds } = verdict;
  return `
${sent} of ${verdict.recipients} people got the mail, ${failed} addresses were refused, and ${duplicates === 0 ? "no person got it twice" : `${duplicates} GOT IT TWICE`}.
The provider answered ${byStatus["429"] ?? 0} times 429 (too fast), ${byStatus["503"] ?? 0} times 503 (not available) and ${byStatus["401"] ?? 0} times 401 (key refused).
The refused key made ${some(deadLetters, "dead letter")} and ${some(alerts, "alert")}; when the key was accepted again, ${some(reprocessed, "dead letter")} went through the API again and completed.
It cost ${executions} Inngest executions (the free plan has 50,000 a month) and took ${seconds} s.
`;
}

const some = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

const whereToLook = ({ ports, keys }: DemoStack): string =>
  `Look at it:  ${dashboardOf(ports.site, keys.admin)}\nInbox:       http://localhost:${ports.mail}`;

/** Starts a stack only for the demo. Returns the stack, and a function that stops it. */
async function ownStack(signal: AbortSignal): Promise<DemoStack & { stop(): Promise<void> }> {
  say(
    "Starting a stack of its own: Postgres, Supabase's gateway, the engine, the mail provider and the site …",
  );
  const stack = await startStack(
    { port: undefined, dataDir: "", reset: false, ephemeral: true, inngest: false, timeScale: 1 },
    {
      say,
      signal,
      environment: { CAMPAIGN_PART_SIZE: String(chunkSize), CAMPAIGN_BATCH_SIZE: String(batchSize) },
    },
  );
  return { ...stack, databaseUrl: stack.databaseUrl ?? "" };
}

/** Runs the demo, and returns the exit code. */
async function runAndCheck(
  stack: DemoStack,
  plan: FaultPlan,
  signal: AbortSignal,
  json: boolean,
): Promise<number> {
  const { verdict, totals } = await unlessAborted(signal, runCampaign(stack, plan, performance.now()));
  const expected = { recipients, failed: refusedAddresses.length, deadLetters: plan.deadLetters };
  const faults = faultsOf(verdict, totals.byStatus, expected);
  say(summaryOf(verdict, totals));
  for (const fault of faults) say(`WRONG: ${fault}.`);
  if (json) console.log(JSON.stringify(verdict));
  return faults.length === 0 ? 0 : 1;
}

async function main(signal: AbortSignal): Promise<number> {
  const { values } = commandOptions(help, {
    options: {
      json: { type: "boolean", default: false },
      "data-dir": { type: "string", default: ".nightshift" },
    },
  });
  const running = await runningStack(values["data-dir"]);
  if (running !== undefined) {
    say(`In the stack that is running.\n${whereToLook(running)}`);
    return runAndCheck(running, runningStackFaults, signal, values.json);
  }
  const stack = await ownStack(signal);
  try {
    const code = await runAndCheck(stack, ownStackFaults, signal, values.json);
    // In a terminal the stack keeps running until Ctrl-C, so that people can look at it.
    if (values.json || !process.stdout.isTTY) return code;
    say(`${whereToLook(stack)}\n\nCtrl-C ends it.`);
    await aborted(signal);
    return code;
  } finally {
    await stack.stop();
  }
}

const interrupted = interruption();
main(interrupted).then(
  (code) => process.exit(code),
  (error: unknown) => {
    if (interrupted.aborted) process.exit(130);
    console.error(errorForTerminal(error));
    process.exit(1);
  },
);
