import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshDatabase, type TestDatabase } from "../../support/database.ts";

const PROCESSES = 10;
/** `TOKENS_SECONDS=60` is the long form, `TOKENS_JSON=1` prints the figures. */
const SECONDS = Number(process.env["TOKENS_SECONDS"] ?? 2);
const SHARED = { key: "provider", capacity: 20, refillPerSecond: 50, take: 1 };
const TAKER = fileURLToPath(new URL("taker.mjs", import.meta.url));

let db: TestDatabase;
beforeAll(async () => {
  db = await freshDatabase();
});
afterAll(() => db.close());

type Call = [asked: number, answered: number];

async function take(n: number): Promise<Call[]> {
  // Each also has a second bucket, which is too large to limit it, and names the two in its own order.
  const own = { key: `user ${n % 3}`, capacity: 100_000, refillPerSecond: 1000, take: 1 };
  const wants = n % 2 === 0 ? [SHARED, own] : [own, SHARED];
  const args = [TAKER, db.url, String(SECONDS * 1000), JSON.stringify(wants)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 64 * 1024 * 1024 });
  return JSON.parse(stdout);
}

/**
 * The largest excess of calls over the bucket's limit in any window; a call that is completely in the window counts.
 */
function worstWindow(calls: readonly Call[]): number {
  const byAnswer = calls.toSorted((a, b) => a[1] - b[1]);
  let worst = Number.NEGATIVE_INFINITY;
  for (const begin of new Set(calls.map(([asked]) => asked))) {
    let inside = 0;
    for (const [asked, answered] of byAnswer) {
      if (asked < begin) continue;
      inside++;
      const allowed = SHARED.capacity + (SHARED.refillPerSecond * (answered - begin)) / 1000;
      worst = Math.max(worst, inside - allowed);
    }
  }
  return worst;
}

test(
  "T10, S4-56: in any window of time ten processes together take no more tokens than the bucket and its refill allow",
  async () => {
    const perProcess = await Promise.all(Array.from({ length: PROCESSES }, (_, n) => take(n)));
    const calls = perProcess.flat();
    const spanMs =
      Math.max(...calls.map(([, answered]) => answered)) - Math.min(...calls.map(([asked]) => asked));
    const allowed = SHARED.capacity + (SHARED.refillPerSecond * spanMs) / 1000;
    const figures = {
      processes: PROCESSES,
      spanMs,
      granted: calls.length,
      allowed,
      worst: worstWindow(calls),
    };
    if (process.env["TOKENS_JSON"])
      process.stdout.write(
        `${JSON.stringify({ ...figures, perProcess: perProcess.map(({ length }) => length) })}\n`,
      );
    expect(figures.worst).toBeLessThanOrEqual(1e-6);
    // Little of the limit is left unused.
    expect(calls.length).toBeGreaterThan(0.8 * allowed);
  },
  120_000 + SECONDS * 2000,
);
