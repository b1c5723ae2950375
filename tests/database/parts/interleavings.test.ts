import { afterAll, beforeAll, expect, test } from "vitest";
import { type PartsLedger, partsLedger } from "./ledger.ts";

/** Random histories; `PARTS_COURSES` sets how many, `PARTS_SEED` repeats one. */
const COURSES = Number(process.env["PARTS_COURSES"] ?? 25);
const SEED = Number(process.env["PARTS_SEED"] ?? 1);

let ledger: PartsLedger;
beforeAll(async () => {
  ledger = await partsLedger();
});
afterAll(() => ledger.close());

const seeded = (seed: number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/**
 * Four runs that claim, settle, repeat themselves, die, lose their lease or fail for good; dead letters are reprocessed
 * or ignored.
 */
async function course(seed: number) {
  const random = seeded(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const sizes = Array.from({ length: 1 + below(6) }, () => 1 + below(12));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const { jobId } = await ledger.job(sizes);
  type Held = { id: number; token: string; part: number; next: number; last: number; first: number };
  const held = new Map<string, Held>();
  let [letters, lastDone] = [[] as string[], 0];

  const act = async (run: string): Promise<void> => {
    const mine = held.get(run);
    const what = random();
    if (mine === undefined || what < 0.15) {
      const claim = await ledger.claim(jobId, run, random() < 0.5 ? undefined : 1 + below(sizes.length));
      if (claim.state === "claimed") held.set(run, claim);
    } else if (what < 0.75) {
      const to = Math.min(mine.last, mine.next + below(5));
      const repeats = random() < 0.3 ? 2 : 1;
      const answers = await Promise.all(
        Array.from({ length: repeats }, () => ledger.settle(jobId, mine, mine.next, to)),
      );
      // A run continues after its settle only when it got the answer; a lost answer is requested again.
      if (random() < 0.8) mine.next = to + 1;
      if (answers.includes("lost") || to === mine.last) held.delete(run);
    } else if (what < 0.8) {
      await ledger.parts.release(
        { ...mine, bounds: {}, total: 0, settled: 0, attempts: 0 },
        { isProviderFailure: true },
      );
      held.delete(run);
    } else if (what < 0.85) ledger.later(30_000);
    else if (what < 0.9)
      held.delete(run); // it dies
    else if (what < 0.95) {
      letters.push(await ledger.fail(jobId, mine.part, `${run}-${random()}`));
    }
  };

  for (let turn = 0; turn < 400; turn++) {
    await Promise.all(["a", "b", "c", "d"].map(act));
    if (letters.length > 0 && random() < 0.3) {
      for (const letter of letters)
        if (random() < 0.2) await ledger.ignore(letter);
        else
          await ledger.rows(
            "select reprocess_dead_letter($1, gen_random_uuid(), 'ann', $2)",
            letter,
            ledger.now(),
          );
      letters = [];
    }
    const { status, done, units } = await ledger.view(jobId);
    expect(done).toBeGreaterThanOrEqual(lastDone);
    expect(units).toBeLessThanOrEqual(total);
    lastDone = done;
    if (status !== "running") break;
  }
  const { status, done, ends, units, result } = await ledger.view(jobId);
  expect({ status, done, ends }, `seed ${seed}`).toEqual({ status: "completed", done: total, ends: 1 });
  expect(result.total).toBe(total);
  expect({ done: result.done ?? 0, all: (result.done ?? 0) + (result.skipped ?? 0) }).toEqual({
    done: units,
    all: total,
  });
}

test("in random sequences of actions each unit gets one outcome and the job ends once", async () => {
  for (let seed = SEED; seed < SEED + COURSES; seed++) await course(seed);
});
