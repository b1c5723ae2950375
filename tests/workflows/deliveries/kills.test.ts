/**
 * A process dies between every two steps of a delivery: after each call that it makes, at the database, at the engine
 * and at the receiver, with the answer lost.
 */
import { afterAll, expect, test } from "vitest";
import { hookShop } from "../../support/hook-shop.ts";

const shop = await hookShop();
afterAll(() => shop.close());

/** Publishes one message whose process dies after its `dieAt`-th call; 0: it lives. */
const run = async (dieAt: number) => {
  let calls = 0;
  const count = () => {
    calls += 1;
    if (calls === dieAt) throw new TypeError("fetch failed: the process died");
  };
  shop.received.length = 0;
  await shop.rows("delete from webhook_deliveries");
  shop.hooks.afterDatabase = count;
  shop.receiver.answered = count;
  try {
    await shop.publish(`r${dieAt}`);
  } catch {
    // The publisher's own process died, after its transaction.
  }
  await shop.engine.advance("2m");
  await shop.app.keepHouse().catch(() => undefined);
  await shop.settled();
  shop.hooks.afterDatabase = undefined;
  const deliveries = await shop.rows("select status from webhook_deliveries");
  const ids = shop.received.map(({ headers }) => headers["webhook-id"]);
  return { calls, deliveries, ids };
};

test("a message is recorded as delivered, under one message id, whichever call of the delivery its process dies at", async () => {
  await shop.endpoint();
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
