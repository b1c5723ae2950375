import pg from "pg";
import { z } from "zod";
import type { DemoApi } from "#demo/api.ts";
import { type ByStatus, type Totals, totalsBetween } from "#demo/totals.ts";

/** The figures that the demo reports. Each comes from an independent source: provider, database or engine. */
export type Verdict = {
  recipients: number;
  sent: number;
  failed: number;
  duplicates: number;
  deadLetters: number;
  reprocessed: number;
  executions: number;
  seconds: number;
};

const countsSchema = z.object({
  recipients: z.coerce.number(),
  sent: z.coerce.number(),
  failed: z.coerce.number(),
});

export async function verdictOf(
  run: {
    databaseUrl: string;
    campaignId: string;
    jobId: string;
    startedAt: number;
    executionsBefore: number;
    before: Totals;
  },
  api: DemoApi,
): Promise<{ verdict: Verdict; totals: Totals }> {
  const { campaignId, jobId, startedAt, executionsBefore, before } = run;
  const { recipients, sent, failed } = await countRows(run.databaseUrl, campaignId);
  const letters = await api.letters(jobId);
  const provider = await api.provider.stats(campaignId);
  if (provider.accepted !== sent) {
    throw new Error(`The provider took ${provider.accepted} mails, our ledger says ${sent}.`);
  }
  const verdict = {
    recipients,
    sent: provider.accepted,
    failed,
    duplicates: provider.duplicates,
    deadLetters: letters.length,
    reprocessed: letters.filter(({ status, outcome }) => status === "reprocessed" && outcome === "completed")
      .length,
    executions: (await api.executions()) - executionsBefore,
    seconds: Math.round((performance.now() - startedAt) / 100) / 10,
  };
  return { verdict, totals: totalsBetween(before, await api.provider.totals()) };
}

async function countRows(databaseUrl: string, campaignId: string): Promise<z.infer<typeof countsSchema>> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query(
      `select count(*) as recipients,
         count(*) filter (where status = 'sent') as sent,
         count(*) filter (where status = 'failed') as failed
       from public.campaign_sends where campaign_id = $1`,
      [campaignId],
    );
    return countsSchema.parse(rows[0]);
  } finally {
    await client.end();
  }
}

/**
 * The provider must have given each of these statuses, because otherwise the demo proves nothing: too many requests,
 * unavailable, key refused.
 */
const EXPECTED_STATUSES = ["429", "503", "401"];

/** Describes each fault of the outcome in words. The list is empty when there is no fault. */
export function faultsOf(
  verdict: Verdict,
  byStatus: ByStatus,
  expected: Pick<Verdict, "recipients" | "failed"> & { deadLetters: number | undefined },
): string[] {
  const { recipients, sent, failed, duplicates, deadLetters, reprocessed } = verdict;
  const faults: string[] = [];
  if (recipients !== expected.recipients)
    faults.push(`there were ${recipients} recipients, not ${expected.recipients}`);
  if (sent + failed !== recipients)
    faults.push(`${recipients - sent - failed} recipients are neither sent nor failed`);
  if (failed !== expected.failed) faults.push(`${failed} failed, not ${expected.failed}`);
  if (duplicates !== 0) faults.push(`${duplicates} mails went out twice`);
  if (deadLetters === 0 || (expected.deadLetters ?? deadLetters) !== deadLetters)
    faults.push(`there were ${deadLetters} dead letters, not ${expected.deadLetters ?? "one"}`);
  if (reprocessed !== deadLetters)
    faults.push(`${deadLetters - reprocessed} dead letters were not reprocessed`);
  for (const status of EXPECTED_STATUSES)
    if ((byStatus[status] ?? 0) === 0) faults.push(`the provider never said ${status}`);
  return faults;
}
