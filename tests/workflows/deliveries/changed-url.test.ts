import { afterEach, beforeEach, expect, test } from "vitest";
import { type HookShop, hookShop } from "../../support/hook-shop.ts";

let shop: HookShop;
beforeEach(async () => {
  shop = await hookShop();
});
afterEach(() => shop.close());

test("a 410 from the old URL does not disable an endpoint that has a new URL; the message goes to the new URL", async () => {
  const { id } = await shop.endpoint("old");
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  shop.receiver.answer = async ({ path }) => {
    if (path === "/new") return {};
    await held;
    return { status: 410 };
  };
  await shop.publish("r1");
  await expect.poll(() => shop.received.length, { timeout: 20_000 }).toBe(1);
  await shop.call("PATCH", `/api/webhook-endpoints/${id}`, { url: "https://receiver.test/new" });
  letGo();
  await shop.settled();
  const { body } = await shop.call("GET", `/api/webhook-endpoints/${id}`);
  expect(body).toMatchObject({ status: "enabled", failedAttempts: 0 });
  expect(shop.received.map(({ path }) => path)).toEqual(["/old", "/new"]);
});
