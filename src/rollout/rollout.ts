import { LRUCache } from "lru-cache";
import type { Clock } from "#lib/clock.ts";
import { type Choice, choose } from "#rollout/choose.ts";
import type { Decision, FlagRepository, FlagRow } from "#rollout/repository.ts";

export type Rollout = ReturnType<typeof createRollout>;

/** A change of a flag reaches every process within this time. */
const FLAG_MS = 5_000;
const MOST_FLAGS = 100;

/** Chooses between the old and the new way, for rooms that have both. */
export function createRollout(flags: Pick<FlagRepository, "get" | "decide" | "queue">, clock: Clock) {
  const known = new LRUCache<string, { flag: FlagRow | null }>({
    max: MOST_FLAGS,
    ttl: FLAG_MS,
    ttlResolution: 0,
    perf: { now: () => clock.now().getTime() },
  });
  async function read(name: string) {
    const found = { flag: await flags.get(name) };
    known.set(name, found);
    return found;
  }

  return {
    /** Undefined when there is no such flag. Then the new way is the only one. */
    async choose(name: string, key: string): Promise<Choice | undefined> {
      const { flag } = known.get(name) ?? (await read(name));
      return flag === null ? undefined : choose({ ...flag, isOn: flag.is_on }, key);
    },

    /** Records the decision on this subject. If a decision exists already, returns that decision. */
    decide: (decision: Decision) => flags.decide(decision),

    /** Releases a held job to the queue. */
    queue: (jobId: string) => flags.queue(jobId),

    /** Drops the cached flag, because it was changed in this process. */
    forget: (name: string) => void known.delete(name),
  };
}
