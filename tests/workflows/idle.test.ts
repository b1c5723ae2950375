import { afterAll, beforeAll, expect, test } from "vitest";
import { allFunctions } from "#functions.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

let shop: Workshop;
beforeAll(async () => {
  // The workshop already has the functions for Inngest's own events.
  const news = ["catch-failures", "record-cancellations"];
  shop = await workshop({
    functions: (platform) => allFunctions(platform).filter((fn) => !news.includes(fn.id())),
  });
});
afterAll(() => shop.close());

test("an installation without work uses fewer than 2,000 executions in 30 days", async () => {
  await shop.app.keepHouse();
  for (let day = 0; day < 30; day++) {
    await shop.engine.advance("24h");
    // Housekeeping costs no executions, so one call a day stands for its 288.
    await shop.app.keepHouse();
  }
  await shop.engine.idle();
  // The daily report's run and its two steps.
  expect(shop.engine.usage().executions).toBe(30 * 3);
  expect(await shop.slack()).toHaveLength(30);
});
