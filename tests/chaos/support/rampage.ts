import { type ChaosHouse, chaosHouse, pause } from "./house.ts";

export type Rampage = {
  recipients: number;
  /** At least so many `kill -9` of the site while the campaign is under way. */
  kills: number;
  /** False: a provider that ignores idempotency keys, and says so. */
  idempotent: boolean;
};

/** What became of everybody; who got what is read from the provider's own record. */
export type Verdict = {
  recipients: number;
  kills: number;
  /** Kills that fell while the provider held a request of ours. */
  killsInFlight: number;
  delivered: number;
  duplicates: number;
  /** Neither delivered nor listed as unknown. */
  missing: number;
  unknown: number;
  /** Recorded as sent, yet unknown to the provider. */
  falselySent: number;
  /** Delivered without a trace in the ledger: neither sent nor unknown. */
  unrecorded: number;
  status: string;
  jobStatus: string;
  deadLetters: number;
  seconds: number;
};

/** Long against our own work, so that a kill rarely misses; a life lasts about as long, so that some batches come through. */
const LATENCY_MS = 500;
const LONGEST_LIFE_MS = 700;
const BATCH = 20;

/** Sends a campaign while its site is killed again and again, and compares the ledger with the provider's record. */
export async function rampage({ recipients, kills, idempotent }: Rampage): Promise<Verdict> {
  const startedAt = performance.now();
  const house = await chaosHouse({
    MAIL_REQUESTS_PER_SECOND: "0",
    MAIL_MAX_IN_FLIGHT: "4",
    MAIL_IDEMPOTENT: String(idempotent),
    CAMPAIGN_BATCH_SIZE: String(BATCH),
    CAMPAIGN_CHUNK_SIZE: String(BATCH * 8),
  });
  try {
    await house.control("latency", { latencyMs: LATENCY_MS });
    await house.control("idempotency", { honored: idempotent });
    await house.startSite();
    const { campaignId, jobId } = await begin(house, recipients);
    const killed = await killAgainAndAgain(house, campaignId, kills);
    await untilClosed(house, campaignId);
    return {
      ...killed,
      ...(await judge(house, campaignId, recipients)),
      jobStatus: (await house.call<{ status: string }>("GET", `/api/jobs/${jobId}`)).status,
      seconds: Math.round((performance.now() - startedAt) / 1000),
    };
  } finally {
    await house.close();
  }
}

async function begin(house: ChaosHouse, recipients: number) {
  const { id: listId } = await house.call<{ id: string }>("POST", "/api/lists", { name: "Everybody" });
  const people = Array.from({ length: recipients }, (_, n) => ({
    email: `p${n}@example.com`,
    name: `P ${n}`,
  }));
  await house.call("POST", `/api/lists/${listId}/subscribers`, people);
  const content = { subject: "Hello {{name}}", text: "Hello {{name}}", from: "news@example.com" };
  const { id: campaignId } = await house.call<{ id: string }>("POST", "/api/campaigns", {
    listId,
    ...content,
  });
  const { jobId } = await house.call<{ jobId: string }>("POST", `/api/campaigns/${campaignId}/send`);
  return { campaignId, jobId };
}

/** Every other kill waits until the provider holds a request; the rest fall whenever they fall. */
async function killAgainAndAgain(house: ChaosHouse, campaignId: string, kills: number) {
  let [done, killsInFlight] = [0, 0];
  while (done < kills && (await statusOf(house, campaignId)) !== "completed") {
    if (done % 4 !== 3) await untilInFlight(house, campaignId);
    await pause(Math.random() * LONGEST_LIFE_MS);
    const { inFlight } = await house.control<{ inFlight: number }>("stats");
    await house.killSite();
    done += 1;
    if (inFlight > 0) killsInFlight += 1;
    await house.startSite();
  }
  return { kills: done, killsInFlight };
}

async function untilInFlight(house: ChaosHouse, campaignId: string): Promise<void> {
  for (;;) {
    const { inFlight } = await house.control<{ inFlight: number }>("stats");
    if (inFlight > 0 || (await statusOf(house, campaignId)) === "completed") return;
    await reprocessLetters(house);
    await pause(20);
  }
}

async function untilClosed(house: ChaosHouse, campaignId: string): Promise<void> {
  const deadline = performance.now() + 240_000;
  while ((await statusOf(house, campaignId)) !== "completed") {
    if (performance.now() > deadline)
      throw new Error(`The campaign is still ${await statusOf(house, campaignId)}`);
    await reprocessLetters(house);
    await pause(250);
  }
}

/** A chunk killed more often than a run may be tried ends as a dead letter; an operator puts it back to work. */
async function reprocessLetters(house: ChaosHouse): Promise<void> {
  const { rows } = await house.sql.query<{ id: string }>(
    "select id from dead_letter_queue where status = 'failed'",
  );
  for (const { id } of rows) await house.call("POST", `/api/dead-letters/${id}/reprocess`);
}

async function statusOf(house: ChaosHouse, campaignId: string): Promise<string> {
  const { rows } = await house.sql.query<{ status: string }>("select status from campaigns where id = $1", [
    campaignId,
  ]);
  return rows[0]?.status ?? "gone";
}

async function judge(house: ChaosHouse, campaignId: string, recipients: number) {
  const deliveries = new Map<string, number>();
  for (let before = ""; ; ) {
    type Page = { messages: { id: string; to: string[] }[]; next: string | null };
    const query = `campaign_id=${campaignId}&limit=5000${before && `&before=${before}`}`;
    const page = await house.control<Page>(`messages?${query}`);
    for (const { to } of page.messages)
      for (const address of to) deliveries.set(address, (deliveries.get(address) ?? 0) + 1);
    if (page.next === null) break;
    before = page.next;
  }
  const { rows } = await house.sql.query<{ email: string; status: string }>(
    "select email, status from campaign_sends where campaign_id = $1",
    [campaignId],
  );
  const count = (matches: (row: { email: string; status: string }) => boolean) => rows.filter(matches).length;
  const { rows: letters } = await house.sql.query("select 1 from dead_letter_queue");
  return {
    recipients,
    delivered: deliveries.size,
    duplicates: [...deliveries.values()].reduce((sum, times) => sum + times - 1, 0),
    missing:
      recipients - rows.length + count(({ email, status }) => !deliveries.has(email) && status !== "unknown"),
    unknown: count(({ status }) => status === "unknown"),
    falselySent: count(({ email, status }) => status === "sent" && !deliveries.has(email)),
    unrecorded: count(
      ({ email, status }) => deliveries.has(email) && status !== "sent" && status !== "unknown",
    ),
    status: await statusOf(house, campaignId),
    deadLetters: letters.length,
  };
}
