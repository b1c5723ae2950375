import { begin, type Campaign, type House, untilClosed } from "./campaign.ts";
import { type LeftOver, untilNothingIsLeft } from "./left-over.ts";
import { hireOperator } from "./operator.ts";
import { partsHouse } from "./parts-house.ts";
import { killParts, type Victim } from "./parts-kills.ts";
import { faultsOf, judge, type Verdict } from "./verdict.ts";

export type PartsRampage = {
  recipients: number;
  /** How many `kill -9` of each: engine, gateway and Postgres. */
  killsOfEach: number;
  /** The provider's latency: the campaign must last longer than all kills. */
  latencyMs: number;
  say?: (progress: string) => void;
};

export type PartsVerdict = Verdict & {
  kills: Record<Victim, number>;
  /** Kills while the provider had a request of ours in flight. */
  killsInFlight: number;
  /** Deaths of parts that the test did not kill. */
  otherDeaths: string[];
  leftOver: LeftOver;
  /** Steps that ran again, by the ledger's count of claims, and requests that were repeated with their key. */
  stepsAgain: number;
  requestsAgain: number;
  seconds: number;
};

const BATCH = 20;
const IN_FLIGHT = 4;
/** The number of steps that the free plan runs at once. */
const STEPS_IN_FLIGHT = 5;

/** Sends a campaign at production's default pace while engine, gateway and Postgres are killed repeatedly, in any order, also at the same time. */
export async function partsRampage({
  recipients,
  killsOfEach,
  latencyMs,
  say = () => {},
}: PartsRampage): Promise<PartsVerdict> {
  const startedAt = performance.now();
  const house = await partsHouse({
    PLAN: "free",
    MAIL_MAX_IN_FLIGHT: String(IN_FLIGHT),
    CAMPAIGN_BATCH_SIZE: String(BATCH),
    CAMPAIGN_PART_SIZE: String(BATCH * 8),
  });
  const sendOperatorHome = hireOperator(house);
  try {
    await house.control("latency", { latencyMs });
    const campaign = await begin(house, recipients);
    const killed = await killParts(house, campaign, { killsOfEach, latencyMs, say });
    say("the killing is over; the rest of the campaign");
    await untilClosed(house, campaign);
    return {
      ...killed,
      ...(await judge(house, campaign)),
      ...(await ranAgain(house, campaign)),
      leftOver: await untilNothingIsLeft(house, campaign),
      otherDeaths: house.said.filter((sentence) => /^(site|providers) died/.test(sentence)),
      seconds: Math.round((performance.now() - startedAt) / 1000),
    };
  } finally {
    await sendOperatorHome();
    await house.close();
  }
}

/** A step claims its part when it begins, and takes a batch before each request, so the ledger counts both. */
async function ranAgain(house: House, { campaignId }: Campaign) {
  const [again] = await house.query<{ steps: number; requests: number }>(
    `select
       (select sum(attempts - 1)::int from job_parts) as steps,
       (select sum(attempts - 1)::int from campaign_batches where campaign_id = $1) as requests`,
    [campaignId],
  );
  if (again === undefined) throw new Error("A query of counts has one row");
  return { stepsAgain: again.steps, requestsAgain: again.requests };
}

/** Describes each fault of the outcome in words; the list is empty when there is none. */
export function faultsOfParts(
  verdict: PartsVerdict,
  { killsOfEach }: Pick<PartsRampage, "killsOfEach">,
): string[] {
  const { kills, killsInFlight, otherDeaths, leftOver, stepsAgain } = verdict;
  const allKills = Object.values(kills).reduce((sum, one) => sum + one, 0);
  const faults = faultsOf(verdict, 0);
  for (const [part, times] of Object.entries(kills))
    if (times < killsOfEach)
      faults.push(`${part} was killed ${times} times only before the campaign was through`);
  if (killsInFlight * 2 < allKills)
    faults.push(`only ${killsInFlight} kills fell while the provider held a request`);
  for (const [what, count] of Object.entries(leftOver))
    if (count > 0) faults.push(`${count} ${what} are left over`);
  if (stepsAgain > allKills * STEPS_IN_FLIGHT) faults.push(`${stepsAgain} steps ran again`);
  return [...faults, ...otherDeaths];
}
