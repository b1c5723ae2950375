import { setTimeout as pause } from "node:timers/promises";
import { begin, type Campaign, statusOf, untilClosed } from "./campaign.ts";
import { type ChaosHouse, chaosHouse } from "./house.ts";
import { hireOperator } from "./operator.ts";
import { judge, type Verdict } from "./verdict.ts";

export type Rampage = {
  recipients: number;
  /** At least so many `kill -9` of the site while the campaign is under way. */
  kills: number;
  /** False: a provider that ignores idempotency keys, and says so. */
  idempotent: boolean;
  say?: (progress: string) => void;
};

export type SiteVerdict = Verdict & {
  kills: number;
  /** Kills that fell while the provider held a request of ours. */
  killsInFlight: number;
  /** People who can be in doubt: those on the wire at each kill; none where a key protects them. */
  mostInDoubt: number;
  seconds: number;
};

/** Long against our own work, so that a kill rarely misses; a life lasts about as long, so that some batches come through. */
const LATENCY_MS = 500;
const LONGEST_LIFE_MS = 700;
const BATCH = 20;
const IN_FLIGHT = 4;

/** Sends a campaign while its site is killed again and again, and compares the ledger with the provider's record. */
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

/** Three of four kills wait until the provider holds a request; the rest fall whenever they fall. */
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
