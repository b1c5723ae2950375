import { afterEach, expect, test } from "vitest";
import { intentOf, type PaymentShop, paymentShop } from "../../support/payment-shop.ts";

let shop: PaymentShop;
afterEach(() => shop.close());

const charge = (intent: string, more: object) => ({
  id: "ch_1",
  object: "charge",
  payment_intent: intent,
  amount_refunded: 0,
  metadata: {},
  ...more,
});
const NUL = String.fromCharCode(0);
const LONG = "x".repeat(300);

/** Signed webhooks with a field that cannot be stored: an unreadable field fails the job for good. */
const unreadable: [string, string, { id: string; object: string }][] = [
  ["a currency of digits", "payment_intent.succeeded", intentOf("pi_1", "order-1", { currency: "123" })],
  ["a currency of emoji", "payment_intent.succeeded", intentOf("pi_2", "order-2", { currency: "€€€" })],
  ["a currency in capitals", "payment_intent.succeeded", intentOf("pi_3", "order-3", { currency: "USD" })],
  ["a negative amount", "payment_intent.succeeded", intentOf("pi_4", "order-4", { amount: -1 })],
  ["half a cent", "payment_intent.succeeded", intentOf("pi_5", "order-5", { amount: 0.5 })],
  ["a negative refund", "charge.refunded", charge("pi_8", { amount_refunded: -1 })],
  ["an order id beyond its column", "payment_intent.succeeded", intentOf("pi_9", `${LONG}x`)],
];

/** The database cannot store these bodies, so the door refuses them. */
const refused: typeof unreadable = [
  ["an amount beyond bigint", "payment_intent.succeeded", intentOf("pi_6", "order-6", { amount: 1e30 })],
  ["a refund beyond bigint", "charge.refunded", charge("pi_7", { amount_refunded: 1e30 })],
  ["NUL in an order id", "payment_intent.succeeded", intentOf("pi_11", `order${NUL}`)],
  ["half of a surrogate pair", "payment_intent.succeeded", intentOf("pi_12", "order-\ud83d")],
];

/** Odd, but a provider may send it. */
const odd: [string, string, { id: string; object: string }][] = [
  ["a long order id", "payment_intent.succeeded", intentOf("pi_13", LONG)],
  ["emoji and marks", "payment_intent.succeeded", intentOf("pi_14", "заказ-🧾\u202e")],
  ["the largest amount", "payment_intent.succeeded", intentOf("pi_15", "o-15", { amount: 2 ** 53 - 1 })],
  ["an amount of zero", "payment_intent.succeeded", intentOf("pi_16", "o-16", { amount: 0 })],
  ["no order at all", "payment_intent.succeeded", intentOf("pi_17", undefined)],
  ["a long payment id", "payment_intent.succeeded", intentOf(`pi_${"9".repeat(240)}`, "o-18")],
  ["a refund of an unknown payment", "charge.refunded", charge("pi_19", { amount_refunded: 4200 })],
];

test("a signed webhook with a field that cannot be stored becomes a dead letter with a reason", async () => {
  shop = await paymentShop({ apiKey: false });
  for (const [what, type, object] of unreadable) {
    expect([what, (await shop.deliver(shop.stripe.emit(type, object))).status]).toEqual([what, 200]);
  }
  await shop.settled();
  const letters = await shop.rows("select error_code from dead_letter_queue");
  expect(letters.map((letter) => letter.error_code)).toEqual(unreadable.map(() => "invalid_request"));
  expect(await shop.rows("select from orders union all select from payments")).toEqual([]);
});

test("400: a signed webhook whose text or numbers the database cannot store is only kept for an operator", async () => {
  shop = await paymentShop({ apiKey: false });
  for (const [what, type, object] of refused) {
    expect([what, (await shop.deliver(shop.stripe.emit(type, object))).status]).toEqual([what, 400]);
  }
  expect(await shop.rows("select distinct verdict from webhook_inbox")).toEqual([{ verdict: "unreadable" }]);
  expect(await shop.rows("select from jobs")).toEqual([]);
});

test("odd but lawful webhooks end without an error", async () => {
  shop = await paymentShop({ apiKey: false });
  for (const [what, type, object] of odd) {
    expect([what, (await shop.deliver(shop.stripe.emit(type, object))).status]).toEqual([what, 200]);
  }
  await shop.settled();
  expect(await shop.rows("select error_code, error_message from dead_letter_queue")).toEqual([]);
  expect(await shop.rows("select from payments")).toHaveLength(odd.length);
});

test("a refund larger than the payment refunds its order, and a second order keeps its own state", async () => {
  shop = await paymentShop({ apiKey: false });
  await shop.deliver(shop.stripe.emit("payment_intent.succeeded", intentOf("pi_1", "order-1")));
  await shop.deliver(shop.stripe.emit("payment_intent.succeeded", intentOf("pi_2", "order-2")));
  await shop.deliver(shop.stripe.emit("charge.refunded", charge("pi_1", { amount_refunded: 999_999 })));
  await shop.settled();
  expect(await shop.rows("select id, status from orders order by id")).toEqual([
    { id: "order-1", status: "refunded" },
    { id: "order-2", status: "paid" },
  ]);
});
