import { type Campaign, type House, statusOf } from "./campaign.ts";

/** The outcome for every recipient; what was delivered is read from the provider's own record. */
export type Verdict = {
  recipients: number;
  delivered: number;
  duplicates: number;
  /** Neither delivered nor listed as unknown. */
  missing: number;
  unknown: number;
  /** Recorded as sent, but unknown to the provider. */
  falselySent: number;
  /** Delivered, but neither sent nor unknown in the ledger. */
  unrecorded: number;
  status: string;
  jobStatus: string;
  /** How many dead letters there are of each function, code and number of tries. */
  deadLetters: Record<string, number>;
  /** Dead letters of runs that had tries left. */
  tooEarly: number;
};

export async function judge(house: House, campaign: Campaign): Promise<Verdict> {
  const { campaignId, jobId, recipients } = campaign;
  const deliveries = await deliveriesOf(house, campaignId);
  const sends = await house.query<{ email: string; status: string }>(
    "select email, status from campaign_sends where campaign_id = $1",
    [campaignId],
  );
  const count = (matches: (send: { email: string; status: string }) => boolean) =>
    sends.filter(matches).length;
  const [job] = await house.query<{ status: string }>("select status from jobs where id = $1", [jobId]);
  return {
    recipients,
    delivered: deliveries.size,
    duplicates: [...deliveries.values()].reduce((sum, times) => sum + times - 1, 0),
    missing:
      recipients -
      sends.length +
      count(({ email, status }) => !deliveries.has(email) && status !== "unknown"),
    unknown: count(({ status }) => status === "unknown"),
    falselySent: count(({ email, status }) => status === "sent" && !deliveries.has(email)),
    unrecorded: count(
      ({ email, status }) => deliveries.has(email) && status !== "sent" && status !== "unknown",
    ),
    status: await statusOf(house, campaign),
    jobStatus: job?.status ?? "gone",
    ...(await lettersOf(house)),
  };
}

/** How many tries a function has is read from its registration with the engine. */
async function lettersOf(house: House): Promise<Pick<Verdict, "deadLetters" | "tooEarly">> {
  const letters = await house.query<{ what: string; count: number; early: number }>(
    `select format('%s: %s after %s tries', function_id, coalesce(error_code, 'no code'), attempts) as what,
       count(*)::int, count(*) filter (where attempts <= retries)::int as early
     from dead_letter_queue left join (
       select replace(fn ->> 'id', 'nightshift-', '') as function_id,
         (fn #>> '{steps,step,retries,attempts}')::int as retries
       from engine.apps cross join jsonb_array_elements(document::jsonb -> 'functions') as fn
     ) as functions using (function_id)
     group by what order by what`,
  );
  return {
    deadLetters: Object.fromEntries(letters.map(({ what, count }) => [what, count])),
    tooEarly: letters.reduce((sum, { early }) => sum + early, 0),
  };
}

/** How many mails of the campaign each address got. */
async function deliveriesOf(house: House, campaignId: string): Promise<Map<string, number>> {
  const deliveries = new Map<string, number>();
  for (let before = ""; ; ) {
    type Page = { messages: { to: string[] }[]; next: string | null };
    const query = `campaign_id=${campaignId}&limit=5000${before && `&before=${before}`}`;
    const page = await house.control<Page>(`messages?${query}`);
    for (const { to } of page.messages)
      for (const address of to) deliveries.set(address, (deliveries.get(address) ?? 0) + 1);
    if (page.next === null) return deliveries;
    before = page.next;
  }
}

/**
 * Describes each fault of the outcome in words; the list is empty when there is none. `mostInDoubt` is the largest
 * allowed number of unknown recipients.
 */
export function faultsOf(verdict: Verdict, mostInDoubt: number): string[] {
  const { duplicates, missing, falselySent, unrecorded, unknown, status, jobStatus, tooEarly } = verdict;
  return [
    duplicates > 0 && `${duplicates} mails went out twice`,
    missing > 0 && `${missing} people got nothing`,
    falselySent > 0 && `${falselySent} are recorded as sent and were not`,
    unrecorded > 0 && `${unrecorded} were sent without a record of it`,
    unknown > mostInDoubt && `${unknown} are in doubt, where no more than ${mostInDoubt} can be`,
    status !== "completed" && `the campaign is ${status}`,
    jobStatus !== "completed" && `its job is ${jobStatus}`,
    tooEarly > 0 && `${tooEarly} runs became dead letters before their tries were used up`,
  ].filter((fault) => fault !== false);
}
