import { afterAll, beforeAll, expect, test } from "vitest";
import { campaignFunctions } from "#campaigns/index.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

let shop: Workshop;
beforeAll(async () => {
  shop = await workshop({ functions: campaignFunctions });
});
afterAll(() => shop.close());

test("30 idle days stay under 2,000 executions, housekeeping every five minutes included", async () => {
  for (let day = 0; day < 30; day++) {
    await shop.engine.advance("24h");
    // Housekeeping costs no execution: one look a day stands for its 288.
    await shop.app.keepHouse();
  }
  expect(shop.engine.usage().executions).toBeLessThan(2000);
});
