import { setTimeout as pause } from "node:timers/promises";
import type { Campaign, House } from "./campaign.ts";
import type { Part, PartsHouse } from "./parts-house.ts";

/** The site has a form of its own. */
export type Victim = Exclude<Part, "site">;

/** A kill after some share of the mails; `inFlight`: only while the provider has a request of ours in flight. */
type Kill = { part: Victim; share: number; inFlight: boolean };
type Stats = { inFlight: number; accepted: number };
type Plan = { killsOfEach: number; latencyMs: number; say: (progress: string) => void };

/** A kill may come late, because its target must be up, so none is planned for the second half. */
const LATEST = 0.5;

/** Kills each part the given number of times while the campaign is running, unless it ends earlier. */
export async function killParts(
  house: PartsHouse,
  campaign: Campaign,
  { killsOfEach, latencyMs, say }: Plan,
) {
  const kills: Record<Victim, number> = { engine: 0, gateway: 0, postgres: 0 };
  const plan = planOf(killsOfEach);
  let [done, killsInFlight] = [0, 0];
  for (const kill of plan) {
    const stats = await strike(house, campaign, kill, latencyMs);
    if (stats === undefined) break;
    kills[kill.part] += 1;
    done += 1;
    if (stats.inFlight > 0) killsInFlight += 1;
    const moment = `${stats.inFlight} requests in flight, ${stats.accepted} mails taken`;
    say(`kill ${done} of ${plan.length}: ${kill.part} (${moment})`);
  }
  return { kills, killsInFlight };
}

/** In random order and at random times, three of four with a request in flight; the first one during planning. */
function planOf(killsOfEach: number): Kill[] {
  const victims = Array.from({ length: killsOfEach }, (): Victim[] => [
    "engine",
    "gateway",
    "postgres",
  ]).flat();
  const shares = victims.slice(1).map(() => Math.random() * LATEST);
  const moments = [0, ...shares.toSorted((one, other) => one - other)];
  return moments.map((share, index): Kill => {
    const [part = "engine"] = victims.splice(Math.floor(Math.random() * victims.length), 1);
    return { part, share, inFlight: index % 4 !== 0 };
  });
}

/**
 * Kills a part, and returns what the provider was doing at that time; undefined when the campaign had already ended.
 */
async function strike(
  house: PartsHouse,
  campaign: Campaign,
  kill: Kill,
  latencyMs: number,
): Promise<Stats | undefined> {
  const isOver = ({ accepted }: Stats) => accepted >= campaign.recipients;
  const isTime = ({ accepted, inFlight }: Stats) =>
    accepted >= kill.share * campaign.recipients && house.isUp(kill.part) && (!kill.inFlight || inFlight > 0);
  for (;;) {
    await until(house, (stats) => isOver(stats) || isTime(stats));
    await pause(Math.random() * latencyMs);
    const stats = await statsOf(house);
    if (isOver(stats)) return undefined;
    if (house.isUp(kill.part) && house.kill(kill.part)) return stats;
  }
}

async function until(house: House, condition: (stats: Stats) => boolean): Promise<void> {
  for (const deadline = performance.now() + 120_000; ; await pause(20)) {
    if (condition(await statsOf(house))) return;
    if (performance.now() > deadline) throw new Error("The campaign stands still");
  }
}

const statsOf = (house: House) => house.control<Stats>("stats");
