/**
 * A process dies between every two steps of a delivery: after each call that it makes, at the database, at the engine
 * and at the receiver, with the answer lost.
 */
import { expect, test } from "vitest";
import { hookShop } from "../../support/hook-shop.ts";

const run = async (dieAt: number) => {
  const shop = await hookShop();
  let calls = 0;
  const count = () => {
    calls += 1;
    if (calls === dieAt) throw new TypeError("fetch failed: the process died");
  };
  await shop.endpoint();
  shop.hooks.afterDatabase = count;
  shop.receiver.answered = count;
  try {
    await shop.publish("r1");
  } catch {
    // The publisher's own process died, after its transaction.
  }
  await shop.engine.advance("2m");
  await shop.app.keepHouse().catch(() => undefined);
  await shop.settled();
  shop.hooks.afterDatabase = undefined;
  const deliveries = await shop.rows("select status from webhook_deliveries");
  const ids = shop.received.map(({ headers }) => headers["webhook-id"]);
  await shop.close();
  return { calls, deliveries, ids };
};

test("a message is recorded as delivered, under one message id, whichever call of the delivery its process dies at", async () => {
  const { calls } = await run(0);
  expect(calls).toBeGreaterThan(6);
  let repeated = 0;
  for (let dieAt = 1; dieAt <= calls; dieAt++) {
    const { deliveries, ids } = await run(dieAt);
    expect([dieAt, deliveries]).toEqual([dieAt, [{ status: "delivered" }]]);
    expect([dieAt, new Set(ids).size]).toEqual([dieAt, 1]);
    repeated += ids.length - 1;
  }
  // Only where the receiver's answer, or its record here, was lost is the message sent again.
  expect(repeated).toBeLessThanOrEqual(2);
}, 180_000);
