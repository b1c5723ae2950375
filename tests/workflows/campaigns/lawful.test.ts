/**
 * Mail that may lawfully be sent, at random: each recipient who may be mailed gets one mail by one provider, and an address
 * that was suppressed gets none, except in a batch that was under way before. `LAWFUL_SEEDS` and `LAWFUL_RECIPIENTS` give
 * the long form, `LAWFUL_SEED` the first seed, `LAWFUL_JSON=1` prints what happened in each.
 */
import { expect, test } from "vitest";
import { sendThroughTrouble } from "../../support/troubled-campaign.ts";

const setting = (name: string, otherwise: number) => Number(process.env[name] ?? otherwise);
const FIRST = setting("LAWFUL_SEED", 2);
const SEEDS = Array.from({ length: setting("LAWFUL_SEEDS", 3) }, (_, n) => FIRST + n);
const RECIPIENTS = setting("LAWFUL_RECIPIENTS", 200);
const happened = { outages: 0, kills: 0, suppressed: 0 };

test.each(SEEDS)(
  "seed %i: each recipient is mailed once by one provider, or not at all after a suppression",
  async (seed) => {
    const { wrong, ...counts } = await sendThroughTrouble(seed, RECIPIENTS);
    if (process.env["LAWFUL_JSON"]) process.stdout.write(`${JSON.stringify({ seed, ...counts })}\n`);
    expect(wrong).toEqual([]);
    for (const key of Object.keys(happened) as (keyof typeof happened)[]) happened[key] += counts[key];
  },
  3_600_000,
);

test("providers failed, runs were killed and addresses were suppressed meanwhile", () => {
  expect(Object.entries(happened).filter(([, count]) => count === 0)).toEqual([]);
});
