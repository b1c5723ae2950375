import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type PaymentShop, paymentShop } from "../../support/payment-shop.ts";
import { addressOf, asRequest } from "../../support/request.ts";

let shop: PaymentShop;
beforeAll(async () => {
  shop = await paymentShop();
});
afterAll(() => shop.close());

test("the example of docs/webhooks.md sends a webhook that the site accepts and applies", async () => {
  const [, code = ""] = /<<'JS'\n(.*?)\nJS\n/s.exec(readFileSync("docs/webhooks.md", "utf8")) ?? [];
  const printed: unknown[] = [];
  const fetch: typeof globalThis.fetch = (input, init) => {
    const { host } = addressOf(input);
    if (host === "localhost:54324") return shop.stripe.fetch(asRequest(input, init));
    if (host === "localhost:8888") return shop.app.doors.api(asRequest(input, init));
    throw new TypeError(`The example calls ${host}`);
  };
  await runInNewContext(`(async () => {${code}})()`, {
    fetch,
    console: { log: (...words: unknown[]) => printed.push(...words) },
  });
  expect(printed).toEqual([200, '{"received":true}']);
  await shop.engine.idle();
  expect(await shop.rows("select type, verdict from webhook_inbox")).toEqual([
    { type: "payment_intent.succeeded", verdict: "applied" },
  ]);
});
