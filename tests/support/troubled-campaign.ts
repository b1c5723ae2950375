import { seeded } from "@nightshift/local/engine/seeded.ts";
import { type CampaignHouse, campaignHouse } from "./campaign-house.ts";
import { compare, mailWitness } from "./mail-witness.ts";
import { createNotices } from "./notices.ts";
import { REPORTS_SECRET } from "./reports.ts";
import { startSmtp } from "./smtp.ts";

const ADDRESSES_PER_FAILURE = 50;
/**
 * The numbers of failures and notices grow with the square root of the number of recipients: a campaign to 5,000 has
 * five times as many as one to 200. With a constant number for each mail, a campaign to 5,000 takes 20 minutes, because
 * nearly every request with 100 mails is interrupted and repeated.
 */
const RECIPIENTS_OF_SHORT_FORM = 200;
/** Three days of five minutes. */
const MOST_ROUNDS = 864;
const OUTAGES = [
  "refuses our key",
  "cannot be reached",
  "is too busy",
  "answers 503",
  "loses its answer",
] as const;

/**
 * Sends a campaign while people unsubscribe, the provider reports bounces, notices come twice, providers and the database
 * fail, and runs are killed, all at random moments. An operator reprocesses what became a dead letter. Returns what was
 * wrong, and counts.
 */
export async function sendThroughTrouble(seed: number, recipients: number) {
  const random = seeded(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const oneOf = <T>(all: readonly T[]): T => all[below(all.length)] as T;
  const happens = (probability: number) => random() < probability;
  const rarity = Math.sqrt(recipients / RECIPIENTS_OF_SHORT_FORM);

  const witness = mailWitness();
  const counts = { outages: 0, kills: 0, letters: 0 };
  /** While false, nothing happens: the test itself asks the product. */
  let isStormy = false;
  let outage: { kind: (typeof OUTAGES)[number]; left: number } | undefined;
  let failingCalls = 0;
  const refused = new Set<string>();
  /** Mails that an SMTP connection has begun. */
  const underWay = new Set<string>();

  const order = oneOf(["resend", "resend", "resend,smtp", "smtp,resend"]);
  const smtp = await startSmtp({
    onRecipient(address) {
      if (refused.has(address)) return 550;
      underWay.add(address);
      return "accept";
    },
    async onMail(address) {
      witness.seeAsked([address]);
      await meanwhile(1);
      const isFailing = isStormy && happens(1 / ADDRESSES_PER_FAILURE / rarity);
      const verdict = isFailing ? (happens(0.3) ? 451 : "drop") : "accept";
      // All connections are closed, and each has at most one mail under way.
      if (verdict === "drop") for (const one of underWay) witness.inDoubt.add(one);
      underWay.delete(address);
      return verdict;
    },
  });
  const house: CampaignHouse = await campaignHouse({
    env: {
      MAIL_PROVIDERS: order,
      SMTP_URL: smtp.url,
      MAIL_IDEMPOTENT: String(happens(0.7)),
      MAIL_REQUESTS_PER_SECOND: oneOf(["0", "4.5"]),
      MAIL_MAX_IN_FLIGHT: oneOf(["1", "10"]),
      CAMPAIGN_PART_SIZE: String(Math.ceil(recipients / (1 + below(6)))),
      CAMPAIGN_BATCH_SIZE: String(Math.min(100, 5 + below(recipients / 20))),
      RESEND_WEBHOOK_SECRET: REPORTS_SECRET,
      WEBHOOK_KEYS: `test:${Buffer.alloc(32, 1).toString("base64")}`,
    },
    answerMail: (request) => answerMail(request),
    answerDatabase: (request, ask) => answerDatabase(request, ask),
  });
  const notices = createNotices(house, witness, random, `seed-${seed}`);

  async function answerMail(request: Request): Promise<Response> {
    const mails: { to: string | string[] }[] = await request.clone().json();
    const to = mails.flatMap((mail) => mail.to);
    witness.seeAsked(to);
    await meanwhile(to.length);
    if (isStormy && outage === undefined && happens(0.15)) {
      outage = { kind: oneOf(OUTAGES), left: 1 + below(5) };
      counts.outages += 1;
    }
    const kind = isStormy ? outage?.kind : undefined;
    if (outage !== undefined && --outage.left <= 0) outage = undefined;
    if (kind === "cannot be reached") throw lostConnection("ECONNREFUSED");
    if (kind === "refuses our key") return failure(401, "invalid_api_key");
    if (kind === "is too busy") return failure(429, "rate_limit_exceeded", { "retry-after": "5" });
    if (kind !== undefined) for (const address of to) witness.inDoubt.add(address);
    if (kind === "answers 503") return failure(503, "service_unavailable");
    const response = await house.provider.fetch(request);
    await meanwhile(to.length);
    if (kind === "loses its answer") throw lostConnection("ECONNRESET");
    return response;
  }

  /** The database fails for some calls before they are executed, or after: then only the answer is lost. */
  async function answerDatabase(request: Request, ask: () => Promise<Response>): Promise<Response> {
    const name = new URL(request.url).pathname.split("/").at(-1) ?? "";
    const body = request.clone();
    const isOurs = ["take_campaign_batches", "settle_campaign_batches"].includes(name);
    const isFailing = isStormy && failingCalls > 0;
    const response =
      isFailing && happens(0.5)
        ? undefined
        : await (name === "take_campaign_batches" ? witness.take(ask) : ask());
    if (name === "record_mail_report") await notices.lookAt((await body.clone().json()).p_report.address);
    // The engine died during this step, and another run has the part by now.
    if (name === "settle_campaign_batches" && (await response?.clone().json()) === "lost")
      await witness.doubt(body.clone(), response);
    if (!isFailing && response !== undefined) return response;
    failingCalls -= 1;
    if (isOurs) await witness.doubt(body, response);
    throw lostConnection("ECONNRESET");
  }

  /** What may happen beside a request for so many mails. */
  async function meanwhile(mails: number): Promise<void> {
    if (!isStormy) return;
    for (let n = 0; n < mails; n += 1) if (happens(0.1 / rarity)) await notices.arrive();
    if (!happens(mails / ADDRESSES_PER_FAILURE / rarity)) return;
    counts.kills += 1;
    const { faults } = house.engine;
    const kill = oneOf(["database", "crash", "dropAnswer", "dropRequest"] as const);
    if (kill === "database") failingCalls = 1 + below(8);
    else faults[kill]();
  }

  const rows = async (sql: string, values: unknown[] = []) => (await house.db.sql.query(sql, values)).rows;
  const isOver = async () =>
    (await rows("select from campaigns where status = 'completed'")).length > 0 &&
    (await rows("select from jobs where function_id = 'process-webhook' and ended_at is null")).length === 0;

  /** Housekeeping, which runs every five minutes, and an operator who reprocesses what became a dead letter. */
  async function operate(): Promise<void> {
    isStormy = false;
    await house.app.keepHouse();
    for (const { id } of await rows("select id from dead_letter_queue where status = 'failed'")) {
      counts.letters += 1;
      await house.call("POST", `/api/dead-letters/${id}/reprocess`, undefined, { as: "admin" });
    }
    isStormy = true;
  }

  /** The mails that the providers have accepted, by their own records. */
  async function mailed(): Promise<Map<string, string[]>> {
    const all = new Map<string, string[]>();
    const add = (address: string, provider: string) =>
      all.set(address, [...(all.get(address) ?? []), provider]);
    const url = "http://mail.local/_control/messages?limit=10000";
    const { messages } = await (await house.provider.fetch(new Request(url))).json();
    for (const { to } of messages) for (const address of to) add(address, "resend");
    for (const [address, raws] of smtp.mails) for (const _ of raws) add(address, "smtp");
    return all;
  }

  try {
    const draft = await house.draft(recipients);
    const people = await rows("select id::integer, email from email_subscribers order by id");
    notices.begin(draft.listId, people);
    for (const { email } of people) if (happens(0.02)) refused.add(email);
    await house.control("reject", { addresses: [...refused] });
    expectOk(await house.call("POST", `/api/campaigns/${draft.campaignId}/send`));
    isStormy = true;
    for (let round = 1; !(await isOver()); round += 1) {
      if (round > MOST_ROUNDS) throw new Error(`The campaign has not ended after ${MOST_ROUNDS} rounds`);
      await house.engine.advance("5m");
      await operate();
    }
    // A run whose engine was killed still sends, and says only at its end what is in doubt.
    isStormy = false;
    while (house.callsInFlight() > 0) await house.engine.advance("1m");
    // By id, because the row of a person who left the list has no address any more.
    const addressOf = new Map(people.map(({ id, email }) => [id, email]));
    const sends = (
      await rows(
        `select send.subscriber_id::integer as id, send.status, provider
        from campaign_sends as send left join campaign_batches as batch on batch.campaign_id = send.campaign_id
          and send.subscriber_id between batch.first_subscriber_id and batch.last_subscriber_id`,
      )
    ).map(({ id, ...send }) => ({ ...send, email: addressOf.get(id) ?? "" }));
    const wrong = [...witness.wrong, ...compare(sends, await mailed(), { ...witness, refused })];
    const statuses: Record<string, number> = {};
    for (const { status } of sends) statuses[status] = (statuses[status] ?? 0) + 1;
    return {
      wrong,
      order,
      ...counts,
      notices: notices.count(),
      suppressed: witness.suppressed.size,
      repeated: witness.repeatedToSuppressed(),
      statuses,
    };
  } finally {
    isStormy = false;
    await house.close();
    await smtp.close();
  }
}

const failure = (status: number, name: string, headers = {}) =>
  Response.json({ statusCode: status, name, message: "no" }, { status, headers });
const lostConnection = (code: string) =>
  new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) });
function expectOk({ status, body }: { status: number; body: unknown }): void {
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`);
}
