import { expect, test } from "vitest";
import { type Figures, type Plan, storm } from "./storm.ts";

/**
 * `OVERLOAD=full` is the whole proof: ten virtual minutes of overload, half an hour in which refused requests return,
 * and the end of all accepted work. By default a few seconds of overload on a queue that is already full. Both send ten
 * times the capacity; critical and high work together are half of the capacity.
 */
const isFull = process.env["OVERLOAD"] === "full";
const PLAN: Plan = isFull
  ? {
      capacity: 2,
      perSecond: [0.2, 0.8, 11, 4.8, 3.2],
      seconds: 600,
      backlog: 0,
      backlogSeconds: 0,
      followSeconds: 1800,
      requesters: 60,
      seed: 4,
    }
  : {
      capacity: 2,
      perSecond: [0.4, 0.6, 11, 5, 3],
      seconds: 6,
      backlog: 500,
      backlogSeconds: 15,
      followSeconds: 20,
      requesters: 5,
      seed: 8,
    };

test(
  "S4-51: under ten-fold overload promises are kept, lower priorities are refused first, and Retry-After is reliable",
  async () => {
    const figures = await storm(PLAN, { drain: isFull });
    if (process.env["OVERLOAD_JSON"]) process.stdout.write(`${JSON.stringify({ plan: PLAN, figures })}\n`);
    const [p1, p2, p3, p4, p5] = figures.classes;
    expect(p1?.waitMsP99).toBeLessThan(1_000);
    expect(p2?.waitMsP99).toBeLessThan(60_000);
    expect(p3?.waitMsP99 ?? 0).toBeLessThan(300_000);
    expect(p1?.refused).toBe(0);
    const shares = [p2, p3, p4, p5].map((one) => (one?.refused ?? 0) / (one?.asked ?? 1));
    expect(shares[0]).toBeLessThanOrEqual(shares[1] ?? 0);
    for (const low of shares.slice(2)) expect(low).toBeGreaterThan(0);
    expect(figures.refusals).toBeGreaterThan(0);
    expect(figures.refusalsWithoutRetryAfter).toBe(0);
    expect(figures.returned).toBeGreaterThan(0);
    expect(figures.letIn / figures.returned).toBeGreaterThanOrEqual(0.95);
    if (isFull) expectNobodyStarved(figures);
  },
  isFull ? 1_800_000 : 240_000,
);

/** Every class got its share during the overload, and all accepted work was done. */
function expectNobodyStarved({ classes, leftWaiting }: Figures) {
  expect(leftWaiting).toBe(0);
  for (const { started } of classes) expect(started).toBeGreaterThan(0);
}
