import { setTimeout as pause } from "node:timers/promises";
import type { Part, PartsHouse } from "./parts-house.ts";

/** Long enough to write something, short enough to be in the middle of it. */
const LONGEST_PAUSE_MS = 900;

type Plan = {
  killsOfEach: number;
  /** Not more kills than this. */
  most?: number;
  isOver: () => boolean | Promise<boolean>;
  say: (progress: string) => void;
};

/** Kills all parts in random order and at random times, until the work is over. Returns how often each was killed. */
export async function killAtRandom(
  house: PartsHouse,
  { killsOfEach, most = Number.POSITIVE_INFINITY, isOver, say }: Plan,
): Promise<Record<Part, number>> {
  const kills: Record<Part, number> = { site: 0, engine: 0, gateway: 0, postgres: 0 };
  const parts: Part[] = ["site", "engine", "gateway", "postgres"];
  const victims = shuffled(parts.flatMap((part) => Array.from({ length: killsOfEach }, () => part))).slice(
    0,
    most,
  );
  for (const [n, part] of victims.entries()) {
    do {
      await pause(100 + Math.random() * LONGEST_PAUSE_MS);
      if (await isOver()) return kills;
    } while (!house.isUp(part) || !house.kill(part));
    kills[part] += 1;
    say(`kill ${n + 1} of ${victims.length}: ${part}`);
  }
  return kills;
}

const shuffled = <Item>(items: readonly Item[]): Item[] =>
  items
    .map((item) => ({ item, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
