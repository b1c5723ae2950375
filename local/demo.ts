import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type DemoApi, demoApi } from "#demo/api.ts";
import {
  badDay,
  batchSize,
  campaign,
  chunkSize,
  recipients,
  refusedAddresses,
  refusedChunks,
} from "#demo/content.ts";
import { type Progress, progressOf } from "#demo/progress.ts";
import { type ByStatus, faultsOf, type Verdict, verdictOf } from "#demo/verdict.ts";
import { told } from "#stack/errors.ts";
import { aborted, interruption, unlessAborted } from "#stack/interruption.ts";
import { type Stack, startStack } from "#stack/stack.ts";
import { dashboardOf } from "#stack/table.ts";

const help = `npm run demo [-- --json]

Starts a stack of its own, mails 1,000 subscribers through a provider that has a bad day, mends what failed and counts what
became of it. --json prints the counts as one last line. Exit code 0 only if everybody was reached exactly once, but
for the two whom the provider refuses for good.`;

const say = (sentence: string): void => console.error(sentence);
const fixture = join(import.meta.dirname, "../tests/fixtures/subscribers.csv");

/** The story; `progress` draws it. */
async function tell(
  stack: Stack,
  databaseUrl: string,
  startedAt: number,
): Promise<{ verdict: Verdict; byStatus: ByStatus }> {
  const api = demoApi(stack);
  const list = await api.createList("Readers");
  const { created } = await api.upload(list.id, readFileSync(fixture, "utf8"));
  say(`\n${created} subscribers are in from a CSV: names in many scripts, commas, quotes and line breaks.`);

  await api.provider.steer("rate", { requestsPerSecond: 5 });
  await api.provider.steer("reject", { addresses: refusedAddresses });
  await api.provider.steer("faults", { rules: badDay });
  say(
    "The mail provider has a bad day: it says 429 and 503, knows two addresses as dead, and does not take our key for two chunks of ten.\n",
  );

  const { id } = await api.createCampaign({ ...campaign, listId: list.id });
  await api.send(id);
  const progress = progressOf(api, id, recipients);
  try {
    await throughTheNight(api, progress);
  } finally {
    progress.end();
  }
  return verdictOf({ databaseUrl, campaignId: id, startedAt }, api);
}

async function throughTheNight(api: DemoApi, progress: Progress): Promise<void> {
  const reachable = recipients - refusedChunks * chunkSize;
  await progress.follow("two chunks end as dead letters", async ({ counts }) => {
    if (counts.sent + counts.failed < reachable) return false;
    return (await api.letters()).length >= refusedChunks && (await api.provider.alerts()) > 0;
  });
  await api.provider.steer("faults", { rules: [] });
  for (const letter of await api.letters()) await api.reprocess(letter.id);
  await progress.follow("the key is mended, the dead letters go again", async ({ status }) => {
    if (status !== "completed") return false;
    return (await api.letters()).every(({ outcome }) => outcome !== null);
  });
}

async function summaryOf(verdict: Verdict, byStatus: ByStatus, stack: Stack): Promise<string> {
  const { sent, failed, duplicates, deadLetters, reprocessed, executions, seconds } = verdict;
  const alerts = await demoApi(stack).provider.alerts();
  return `
${sent} of ${verdict.recipients} people got their letter, ${failed} have no mailbox any more, and ${duplicates === 0 ? "nobody got it twice" : `${duplicates} GOT IT TWICE`}.
On the way the provider said ${byStatus["429"] ?? 0} times "too fast", ${byStatus["503"] ?? 0} times "not now" and ${byStatus["401"] ?? 0} times "who are you?".
The refused key made ${deadLetters} dead letters and ${alerts} alert${alerts === 1 ? "" : "s"}; once it was mended, ${reprocessed} of them were put back through the API and ended well.
It cost ${executions} Inngest executions (the free plan has 50,000 a month) and took ${seconds} s, the stack's start included.
`;
}

/** Leaves the stack up for whoever sits before it, until Ctrl-C; in a pipe nobody does. */
async function letLook(stack: Stack, signal: AbortSignal): Promise<void> {
  if (!process.stdout.isTTY) return;
  say(`Look at it:  ${dashboardOf(stack.ports.site, stack.keys.admin)}`);
  say(`Inbox:       http://localhost:${stack.ports.mail}`);
  say("\nCtrl-C ends it.");
  await aborted(signal);
}

async function main(signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({
    options: { json: { type: "boolean", default: false }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const startedAt = performance.now();
  say(
    "Starting a stack of its own: Postgres, Supabase's gateway, the engine, the mail provider and the site …",
  );
  const stack = await startStack(
    { port: undefined, dataDir: "", reset: false, ephemeral: true, inngest: false, timeScale: 1 },
    {
      say,
      signal,
      environment: { CAMPAIGN_CHUNK_SIZE: String(chunkSize), CAMPAIGN_BATCH_SIZE: String(batchSize) },
    },
  );
  try {
    const told = tell(stack, stack.databaseUrl ?? "", startedAt);
    const { verdict, byStatus } = await unlessAborted(signal, told);
    const faults = faultsOf(verdict, byStatus, {
      recipients,
      failed: refusedAddresses.length,
      deadLetters: refusedChunks,
    });
    say(await summaryOf(verdict, byStatus, stack));
    for (const fault of faults) say(`WRONG: ${fault}.`);
    if (values.json) console.log(JSON.stringify(verdict));
    else await letLook(stack, signal);
    return faults.length === 0 ? 0 : 1;
  } finally {
    await stack.stop();
  }
}

const interrupted = interruption();
main(interrupted).then(
  (code) => process.exit(code),
  (error: unknown) => {
    if (interrupted.aborted) process.exit(130);
    console.error(told(error));
    process.exit(1);
  },
);
