import { setTimeout as pause } from "node:timers/promises";
import type { Campaign, House } from "./campaign.ts";
import type { Part, PartsHouse } from "./parts-house.ts";

/** A kill at some share of the mails; `inFlight`: not before the provider holds a request of ours. */
type Kill = { part: Part; share: number; inFlight: boolean };
type Stats = { inFlight: number; accepted: number };
type Plan = { killsOfEach: number; latencyMs: number; say: (progress: string) => void };

/** A kill may come late, since its victim has to be up: none is meant for the second half. */
const LATEST = 0.5;

/** Kills each part so often while the campaign is under way, unless that ends before. */
export async function killParts(
  house: PartsHouse,
  campaign: Campaign,
  { killsOfEach, latencyMs, say }: Plan,
) {
  const kills: Record<Part, number> = { engine: 0, gateway: 0, postgres: 0 };
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

/** Any order, any moment, three of four in flight; the first one while the campaign is still planned. */
function planOf(killsOfEach: number): Kill[] {
  const victims = Array.from({ length: killsOfEach }, (): Part[] => ["engine", "gateway", "postgres"]).flat();
  const shares = victims.slice(1).map(() => Math.random() * LATEST);
  const moments = [0, ...shares.toSorted((one, other) => one - other)];
  return moments.map((share, index): Kill => {
    const [part = "engine"] = victims.splice(Math.floor(Math.random() * victims.length), 1);
    return { part, share, inFlight: index % 4 !== 0 };
  });
}

/** What the provider was doing when the blow fell; undefined when the campaign was through before. */
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
