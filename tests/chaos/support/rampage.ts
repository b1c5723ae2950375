import { setTimeout as pause } from "node:timers/promises";
import { begin, type Campaign, statusOf, untilClosed } from "./campaign.ts";
import { type ChaosHouse, chaosHouse } from "./house.ts";
import { hireOperator } from "./operator.ts";
import { judge, type Verdict } from "./verdict.ts";

export type Rampage = {
  recipients: number;
  /** The smallest number of `kill -9` of the site during the campaign. */
  kills: number;
  /** False: a provider that ignores idempotency keys. */
  idempotent: boolean;
  say?: (progress: string) => void;
};

export type SiteVerdict = Verdict & {
  kills: number;
  /** Kills while the provider had a request of ours in flight. */
  killsInFlight: number;
  /** How many recipients may be in doubt: those in flight at each kill; none when keys protect them. */
  mostInDoubt: number;
  seconds: number;
};

/**
 * Long compared with our own work, so that most kills hit a request. The site lives about as long, so that some batches
 * complete.
 */
const LATENCY_MS = 500;
const LONGEST_LIFE_MS = 700;
const BATCH = 20;
const IN_FLIGHT = 4;

/** Sends a campaign while its site is killed repeatedly, and compares the ledger with the provider's record. */
export async function rampage({
  recipients,
  kills,
  idempotent,
  say = () => {},
}: Rampage): Promise<SiteVerdict> {
  const startedAt = performance.now();
  const house = await chaosHouse({
    MAIL_REQUESTS_PER_SECOND: "0",
    MAIL_MAX_IN_FLIGHT: String(IN_FLIGHT),
    MAIL_IDEMPOTENT: String(idempotent),
    CAMPAIGN_BATCH_SIZE: String(BATCH),
    CAMPAIGN_PART_SIZE: String(BATCH * 8),
  });
  const sendOperatorHome = hireOperator(house);
  try {
    await house.control("latency", { latencyMs: LATENCY_MS });
    await house.control("idempotency", { honored: idempotent });
    await house.startSite();
    const campaign = await begin(house, recipients);
    const killed = await killAgainAndAgain(house, campaign, kills, say);
    await untilClosed(house, campaign);
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    const mostInDoubt = idempotent ? 0 : killed.kills * IN_FLIGHT * BATCH;
    return { ...killed, mostInDoubt, ...(await judge(house, campaign)), seconds };
  } finally {
    await sendOperatorHome();
    await house.close();
  }
}

/** Three of four kills wait until the provider has a request in flight; the others come at any time. */
async function killAgainAndAgain(
  house: ChaosHouse,
  campaign: Campaign,
  kills: number,
  say: (progress: string) => void,
) {
  let [done, killsInFlight] = [0, 0];
  while (done < kills && (await statusOf(house, campaign)) !== "completed") {
    await pause(Math.random() * LONGEST_LIFE_MS);
    if (done % 4 !== 3) await untilInFlight(house, campaign);
    const { inFlight, accepted } = await house.control<{ inFlight: number; accepted: number }>("stats");
    await house.killSite();
    done += 1;
    if (inFlight > 0) killsInFlight += 1;
    say(`kill ${done} of ${kills}: site (${inFlight} requests in flight, ${accepted} mails taken)`);
    await house.startSite();
  }
  return { kills: done, killsInFlight };
}

async function untilInFlight(house: ChaosHouse, campaign: Campaign): Promise<void> {
  for (;;) {
    const { inFlight } = await house.control<{ inFlight: number }>("stats");
    if (inFlight > 0 || (await statusOf(house, campaign)) === "completed") return;
    await pause(20);
  }
}
