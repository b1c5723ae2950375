import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { estimateOf, firstLimitOf, priceOf } from "#cost/estimate.ts";
import { METER_NAMES, METERS } from "#cost/prices.ts";
import { executionsOf, usageOf } from "#cost/usage.ts";
import { linesOf } from "../../scripts/cost.ts";

const monthOf = (events: number, steps: number) => estimateOf(usageOf({ events, steps }));
const inngest = (events: number, steps: number) => monthOf(events, steps).providers[0];

describe("S4-59: the documents' three rows, and a million events", () => {
  test.each([
    { events: 10_000, steps: 3, executions: 40_000, usd: 0, plan: "Free" },
    { events: 50_000, steps: 5, executions: 300_000, usd: 75, plan: "Pro" },
    { events: 200_000, steps: 5, executions: 1_200_000, usd: 85, plan: "Pro" },
  ])("$events events of $steps steps: $executions executions, $usd dollars", (row) => {
    expect(inngest(row.events, row.steps)).toMatchObject({
      used: row.executions,
      cheapest: { name: row.plan, usd: row.usd },
    });
  });

  test("a million events of five steps have a price on request only", () => {
    expect(inngest(1_000_000, 5)).toMatchObject({ used: 6_000_000, cheapest: null });
    expect(monthOf(1_000_000, 5).cheapestUsd).toBeNull();
  });

  test("docs/costs.md says what the calculator says", () => {
    const docs = readFileSync(join(import.meta.dirname, "../../docs/costs.md"), "utf8");
    const number = new Intl.NumberFormat("en-US");
    for (const [events, steps] of [
      [10_000, 3],
      [50_000, 5],
      [200_000, 5],
      [1_000_000, 5],
    ] as const) {
      const { providers, cheapestUsd } = monthOf(events, steps);
      const said = (usd: number | null = null) => (usd === null ? "on request" : `$${usd}`);
      expect(docs).toContain(
        `| ${number.format(events)} jobs of ${steps} steps | ${number.format(executionsOf({ events, steps }))} | ${said(providers[0]?.cheapest?.usd)} | ${said(cheapestUsd)} |`,
      );
    }
    for (const name of METER_NAMES)
      for (const { page, seenOn } of METERS[name].sources) expect(docs).toContain(`${page} (${seenOn})`);
  });
});

test("every price has its page and the day on which it was seen there", () => {
  for (const name of METER_NAMES) {
    expect(METERS[name].sources.length).toBeGreaterThan(0);
    for (const { page, seenOn } of METERS[name].sources) {
      expect(page).toMatch(/^https:\/\//);
      expect(seenOn).toMatch(/^20\d\d-\d\d-\d\d$/);
    }
    const prices = METERS[name].plans.map((plan) => plan.included);
    expect(prices).toEqual(prices.toSorted((a, b) => a - b));
  }
});

test("a campaign and an import tell their cost before they start", () => {
  const campaign = usageOf({ events: 0, steps: 1, recipients: 10_000 });
  // docs/costs.md: seven for 10,000 recipients in two parts.
  expect(campaign).toMatchObject({ executions: 7, mails: 10_000 });
  expect(estimateOf(campaign).firstLimit).toMatchObject({ provider: "Resend" });
  expect(usageOf({ events: 0, steps: 1, importRows: 5_001 })).toMatchObject({
    executions: 4 + 2 * 2,
    mails: 0,
  });
});

test("a plan's price: included, in packs beyond, and none where the plan ends", () => {
  const plan = { name: "Pro", usd: 20, included: 50_000, more: { usd: 0.9, per: 1_000, most: 60_000 } };
  // Resend's own example: 51,415 mails cost $21.80.
  expect([50_000, 51_415, 50_003, 60_001].map((used) => priceOf(plan, used))).toEqual([20, 21.8, 20.9, null]);
  expect(priceOf({ ...plan, more: null }, 50_001)).toBeNull();
  expect(priceOf({ ...plan, usd: null }, 1)).toBeNull();
});

test("the first limit is that of the free plans with the largest share used", () => {
  const usage = { executions: 25_000, credits: 30, storedMb: 10, mails: 2_999 };
  expect(firstLimitOf(usage)).toMatchObject({ provider: "Resend", limit: 3_000, usedShare: 2_999 / 3_000 });
  expect(firstLimitOf({ ...usage, executions: 60_000 })).toMatchObject({
    provider: "Inngest",
    usedShare: 1.2,
  });
  expect(firstLimitOf({ ...usage, credits: 301 })).toMatchObject({ provider: "Netlify" });
});

test("npm run cost prints usage, each provider's plans, the first limit and the day of the prices", () => {
  const lines = linesOf(monthOf(50_000, 5)).join("\n");
  expect(lines).toContain("300,000 executions");
  expect(lines).toContain("Inngest: 300,000 executions. Free –, Pro $75, Business –");
  expect(lines).toContain("–: more than the plan allows, or a price on request");
  expect(lines).toContain("Cheapest plans together: $75");
  expect(linesOf(monthOf(1_000_000, 5))).toContain("Cheapest plans together: on request");
  expect(lines).toContain("First limit of the free plans: 50,000 executions of Inngest, 600 % used");
  expect(lines).toContain("Inngest 2026-11-29");
});
