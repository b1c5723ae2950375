import { createHmac, randomUUID } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { intentOf, type PaymentShop, paymentShop } from "../../support/payment-shop.ts";

let shop: PaymentShop;
afterEach(() => shop.close());

const permutations = <T>(items: readonly T[]): T[][] =>
  items.length < 2
    ? [[...items]]
    : items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map((rest) => [item, ...rest]));

const charge = (id: string, intent: string, refunded: number) => ({
  id,
  object: "charge",
  payment_intent: intent,
  amount_refunded: refunded,
  metadata: {},
});

/** Five events about one payment, all within one second: it failed, succeeded, and was refunded in two pieces. */
const historyOf = (n: number) => {
  const [pi, ch, orderId] = [`pi_${n}`, `ch_${n}`, `order-${n}`];
  const failed = { status: "requires_payment_method", last_payment_error: { code: "card_declined" } };
  // The payment of a checkout session has no address; only the session has it.
  const intent = (more: object = {}) => intentOf(pi, orderId, { receipt_email: null, ...more });
  return [
    { type: "payment_intent.payment_failed", object: intent(failed) },
    { type: "payment_intent.succeeded", object: intent() },
    {
      type: "checkout.session.completed",
      object: {
        id: `cs_${n}`,
        object: "checkout.session",
        payment_intent: pi,
        metadata: { orderId },
        customer_details: { email: "ada@example.com" },
      },
    },
    { type: "charge.refunded", object: charge(ch, pi, 1000) },
    { type: "charge.refunded", object: charge(ch, pi, 4200) },
  ];
};

describe.each([
  ["with a key, by the present state", true],
  ["without a key, by the body", false],
])(
  "T37: five events of one second, in all 120 orders and with duplicates, lead to the same state: %s",
  (_, apiKey) => {
    test("refunded order, succeeded payment, one receipt, one analytics event", async () => {
      shop = await paymentShop({ apiKey });
      const at = shop.engine.clock.now();
      const orders = permutations([0, 1, 2, 3, 4]);
      const count = orders.length;
      const histories = orders.map((order, n) => {
        const events = historyOf(n).map(({ type, object }) => shop.stripe.emit(type, object, at));
        return order.map((index) => events[index]);
      });
      expect(count).toBe(120);
      for (const [n, history] of histories.entries()) {
        // One of them comes again at once, and another one after all others.
        for (const webhook of [...history.slice(0, 3), history[n % 3], ...history.slice(3), history[n % 5]]) {
          if (webhook) expect((await shop.deliver(webhook)).status).toBe(200);
        }
        // Time for Stripe's rate: if it stood still, most handlers would only wait for a token, again and again.
        await shop.engine.advance("1s");
      }
      await shop.settled();
      const one =
        "select status, refunded_cents::int, failure_code, count(*)::int from payments group by 1, 2, 3";
      expect(await shop.rows(one)).toEqual([
        { status: "succeeded", refunded_cents: 4200, failure_code: null, count },
      ]);
      expect(await shop.rows("select status, count(*)::int from orders group by 1")).toEqual([
        { status: "refunded", count },
      ]);
      expect(await shop.rows("select count(*)::int from analytics_events")).toEqual([{ count }]);
      expect(await shop.rows("select count(*)::int from jobs where function_id = 'send-mail'")).toEqual([
        { count },
      ]);
      expect(await shop.rows("select from jobs where status <> 'completed'")).toEqual([]);
    }, 240_000);
  },
);

const subscription = (status: string) => ({
  id: "sub_1",
  object: "subscription",
  status,
  customer: "cus_1",
  cancel_at_period_end: status !== "active",
  items: { data: [{ price: { id: "price_1" }, current_period_end: 1_793_527_200 }] },
});

test.each([true, false])(
  "S4-11: a deleted subscription stays deleted when older or newer events arrive later (key: %s)",
  async (apiKey) => {
    shop = await paymentShop({ apiKey });
    const at = shop.engine.clock.now();
    const later = new Date(at.getTime() + 5000);
    const updated = shop.stripe.emit("customer.subscription.updated", subscription("past_due"), later);
    const created = shop.stripe.emit("customer.subscription.created", subscription("active"), at);
    const deleted = shop.stripe.emit("customer.subscription.deleted", subscription("canceled"), at);
    for (const webhook of [deleted, updated, created]) await shop.deliver(webhook);
    await shop.settled();
    expect(await shop.rows("select id, status, customer_id, price_id from subscriptions")).toEqual([
      { id: "sub_1", status: "canceled", customer_id: "cus_1", price_id: "price_1" },
    ]);
  },
);

test("1,000 events about one object need at most 20 reads from Stripe", async () => {
  shop = await paymentShop();
  for (let n = 0; n < 1000; n++) {
    await shop.deliver(
      shop.stripe.emit("customer.subscription.updated", subscription(n === 999 ? "unpaid" : "active")),
    );
  }
  await shop.settled();
  expect(shop.stripe.counts.reads).toBeLessThanOrEqual(20);
  expect(await shop.rows("select status from subscriptions")).toEqual([{ status: "unpaid" }]);
  expect(await shop.rows("select from webhook_inbox where handled_at is null")).toEqual([]);
}, 240_000);

test("a thin event is handled with the current state of its object", async () => {
  shop = await paymentShop();
  shop.stripe.store.put(intentOf("pi_thin", "order-9"));
  const body = JSON.stringify({
    object: "v2.core.event",
    id: `evt_${randomUUID()}`,
    type: "v1.payment_intent.succeeded",
    created: shop.engine.clock.now().toISOString(),
    related_object: { id: "pi_thin", type: "payment_intent" },
  });
  const seconds = Math.floor(shop.engine.clock.now().getTime() / 1000);
  const signature = createHmac("sha256", "whsec_local_stripe").update(`${seconds}.${body}`).digest("hex");
  const headers = { "content-type": "application/json", "stripe-signature": `t=${seconds},v1=${signature}` };
  expect((await shop.deliver({ body, headers })).status).toBe(200);
  await shop.settled();
  expect(await shop.rows("select id, status from orders")).toEqual([{ id: "order-9", status: "paid" }]);
});
