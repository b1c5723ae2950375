import { afterEach, expect, test } from "vitest";
import { intentOf, type PaymentShop, paymentShop } from "../../support/payment-shop.ts";

let shop: PaymentShop;
afterEach(() => shop.close());

const order = { orderId: "order-1", amount: 4200, idempotencyKey: "key-1" };
const resultOf = async (jobId: string) =>
  (await shop.rows("select status, result from jobs where id = $1", [jobId]))[0];

test("S4-36: a payment is made once, and a second request for its order is answered with already_processed", async () => {
  shop = await paymentShop();
  const first = await shop.pay(order);
  expect(first).toMatchObject({ status: 202, body: { jobId: expect.any(String) } });
  await shop.settled();
  const [intent] = shop.intents();
  expect(intent).toMatchObject({ amount: 4200, currency: "usd", metadata: { orderId: "order-1" } });
  expect(shop.stripe.store.made("order-1/1/key-1")?.id).toBe(intent?.id);
  expect(await resultOf(first.body.jobId)).toEqual({
    status: "completed",
    result: { status: "processed", paymentId: intent?.id },
  });

  // The same request is the same job; another key for the same order finds its payment.
  expect((await shop.pay(order)).body.jobId).toBe(first.body.jobId);
  const again = await shop.pay({ ...order, idempotencyKey: "key-2" });
  await shop.settled();
  expect((await resultOf(again.body.jobId)).result).toEqual({
    status: "already_processed",
    paymentId: intent?.id,
  });
  expect(shop.intents()).toHaveLength(1);
  expect(await shop.rows("select status, payment_id from orders")).toEqual([
    { status: "pending", payment_id: intent?.id },
  ]);
});

test("S4-36: simultaneous requests for one order under different keys make one payment", async () => {
  shop = await paymentShop();
  await Promise.all(["a", "b", "c"].map((idempotencyKey) => shop.pay({ ...order, idempotencyKey })));
  await shop.settled();
  expect(shop.intents()).toHaveLength(1);
});

test("a lost answer of Stripe is requested again under the same key, and there is one payment", async () => {
  shop = await paymentShop();
  shop.stripe.fail({ dropAnswer: true, count: 2 });
  const { body } = await shop.pay(order);
  await shop.settled();
  expect(shop.stripe.counts.writes).toBe(3);
  expect(shop.intents()).toHaveLength(1);
  expect((await resultOf(body.jobId)).result).toMatchObject({ status: "processed" });
});

test("S4-35: a failing payment is tried four times, 30 s apart, then becomes a dead letter", async () => {
  shop = await paymentShop();
  shop.stripe.fail({ status: 500, count: 99 });
  const startedMs = shop.engine.clock.now().getTime();
  await shop.pay(order);
  await shop.engine.waitFor(async () => (await shop.rows("select from dead_letter_queue")).length === 1);
  expect(shop.stripe.counts.writes).toBe(4);
  expect(shop.engine.clock.now().getTime() - startedMs).toBeGreaterThanOrEqual(90_000);
  expect(shop.engine.clock.now().getTime() - startedMs).toBeLessThan(120_000);
  expect(shop.intents()).toHaveLength(0);
});

test("after the idempotency key has expired the payment is searched for, not made again", async () => {
  shop = await paymentShop();
  shop.stripe.fail({ dropAnswer: true, count: 99 });
  await shop.pay(order);
  await shop.engine.waitFor(async () => (await shop.rows("select from dead_letter_queue")).length === 1);
  shop.stripe.fail({ count: 0 });
  await shop.engine.advance("25h");
  const later = await shop.pay({ ...order, idempotencyKey: "key-2" });
  await shop.settled();
  expect((await resultOf(later.body.jobId)).result).toEqual({
    status: "processed",
    paymentId: shop.intents()[0]?.id,
  });
  expect(shop.intents()).toHaveLength(1);
  expect(shop.stripe.counts.writes).toBe(4);
});

/** Stripe fails, and answers each repeat of the key with the stored error, which it forgets after a day. */
async function failOnce() {
  shop = await paymentShop();
  shop.stripe.fail({ status: 500, count: 1 });
  await shop.pay(order);
  await shop.engine.waitFor(async () => (await shop.rows("select from dead_letter_queue")).length === 1);
  expect(shop.intents()).toEqual([]);
}
async function reprocess(errorCode: string) {
  const [letter] = await shop.rows("select id from dead_letter_queue where error_code = $1", [errorCode]);
  const admin = { authorization: `Bearer ${await shop.keyOf("operator", "admin")}` };
  expect((await shop.post(`/api/dead-letters/${letter.id}/reprocess`, {}, admin)).status).toBe(202);
  await shop.settled();
}

test("a payment that Stripe failed to make is made a day later, when a search shows that there is none", async () => {
  await failOnce();
  await shop.engine.advance("25h");
  // The answers are lost, so that the next tries must repeat the call. Stripe's search does not find the payment yet.
  shop.stripe.fail({ dropAnswer: true, count: 2 });
  await reprocess("provider_unavailable");
  expect(shop.intents()).toMatchObject([{ metadata: { orderId: order.orderId } }]);
  expect(await shop.rows("select payment_id from orders")).toEqual([{ payment_id: shop.intents()[0]?.id }]);
});

test("in the last hour of a key, neither the key nor another one is used", async () => {
  await failOnce();
  await shop.engine.advance("1410m");
  const { writes } = shop.stripe.counts;
  await reprocess("provider_unavailable");
  expect(shop.stripe.counts.writes).toBe(writes);
  await shop.engine.advance("1h");
  await reprocess("outcome_unknown");
  expect(shop.intents()).toHaveLength(1);
});

test("409: an order of another owner cannot be paid", async () => {
  shop = await paymentShop();
  await shop.pay(order);
  const { status } = await shop.pay({ ...order, idempotencyKey: "key-2" }, await shop.keyOf("bob"));
  expect(status).toBe(409);
});

test("two owners may choose the same idempotency key: each order gets its own payment", async () => {
  shop = await paymentShop();
  const bob = await shop.keyOf("bob");
  await shop.pay(order);
  await shop.pay({ ...order, orderId: "order-2" }, bob);
  await shop.settled();
  expect(await shop.rows("select from dead_letter_queue")).toEqual([]);
  const made = shop.intents().map(({ id, metadata }) => ({
    id: (metadata as { orderId?: string } | undefined)?.orderId,
    payment_id: id,
  }));
  expect(made).toHaveLength(2);
  expect(await shop.rows("select id, payment_id from orders order by id")).toEqual(
    made.toSorted((a, b) => String(a.id).localeCompare(String(b.id))),
  );
});

test("400: an invalid amount or order id; 409: another amount for an order, or another order under a key", async () => {
  shop = await paymentShop();
  for (const amount of [0, -1, 12.5, 100_000_000, "4200"]) {
    expect((await shop.pay({ ...order, amount })).status).toBe(400);
  }
  expect((await shop.pay({ ...order, orderId: "a'b" })).status).toBe(400);
  await shop.pay(order);
  expect((await shop.pay({ ...order, amount: 1, idempotencyKey: "key-2" })).status).toBe(409);
  expect((await shop.pay({ ...order, orderId: "order-2" })).status).toBe(409);
});

test("S2-17, S2-24: the order is paid, one receipt is mailed, and there is one analytics event", async () => {
  shop = await paymentShop();
  await shop.pay({ ...order, email: "ada@example.com" });
  await shop.settled();
  const [intent] = shop.intents();
  const paid = { ...intentOf(intent?.id ?? "", "order-1"), receipt_email: null };
  const webhook = shop.stripe.emit("payment_intent.succeeded", paid);
  for (let n = 0; n < 3; n++) {
    expect(await shop.deliver(webhook)).toEqual({ status: 200, body: { status: "received" } });
  }
  await shop.settled();
  expect(await shop.rows("select status, payment_id, paid_at is not null as paid from orders")).toEqual([
    { status: "paid", payment_id: intent?.id, paid: true },
  ]);
  expect(await shop.mails()).toMatchObject([{ to: ["ada@example.com"], subject: "Payment received!" }]);
  // T38: analytics has ids only.
  expect(await shop.rows("select name, subject from analytics_events")).toEqual([
    { name: "payment_success", subject: "order-1" },
  ]);
});

test("a payment below the order's amount does not mark it as paid", async () => {
  shop = await paymentShop();
  await shop.pay(order);
  await shop.settled();
  await shop.deliver(
    shop.stripe.emit("payment_intent.succeeded", intentOf("pi_less", "order-1", { amount: 4199 })),
  );
  await shop.settled();
  expect(await shop.rows("select status from orders")).toEqual([{ status: "pending" }]);
  expect(await shop.mails()).toEqual([]);
});

const chargeOf = (intent: string, more: object) => ({
  id: `ch_${intent}`,
  object: "charge",
  payment_intent: intent,
  amount: 4200,
  metadata: {},
  ...more,
});
const orderStates = () => shop.rows("select status from orders");
const capture = async (received: number) => {
  const captured = intentOf("pi_1", "order-1", { amount: 4200, amount_received: received });
  await shop.deliver(shop.stripe.emit("payment_intent.succeeded", captured));
  await shop.settled();
};

test("a payment that collected less than it authorized does not pay an order of the authorized amount", async () => {
  shop = await paymentShop();
  await shop.pay(order);
  await shop.settled();
  await capture(1000);
  expect(await orderStates()).toEqual([{ status: "pending" }]);
  expect(await shop.rows("select amount_cents::int from payments where id = 'pi_1'")).toEqual([
    { amount_cents: 1000 },
  ]);
  expect(await shop.mails()).toEqual([]);
});

test("money that was authorized and never collected is no refund", async () => {
  shop = await paymentShop();
  await capture(1000);
  // Stripe counts the released money as refunded.
  const released = chargeOf("pi_1", { amount_captured: 1000, amount_refunded: 3200 });
  await shop.deliver(shop.stripe.emit("charge.refunded", released));
  await shop.settled();
  expect(await orderStates()).toEqual([{ status: "paid" }]);
  expect(await shop.rows("select refunded_cents::int from payments")).toEqual([{ refunded_cents: 0 }]);

  await shop.deliver(shop.stripe.emit("charge.refunded", { ...released, amount_refunded: 4200 }));
  await shop.settled();
  expect(await orderStates()).toEqual([{ status: "refunded" }]);
});

test("an erasure removes the address from orders, payments and stored webhooks, also from unreadable ones", async () => {
  shop = await paymentShop();
  const stored = () =>
    shop.rows(
      `select 'order' as kind from orders where email like '%ada@%'
       union all select 'payment' from payments where email like '%ada@%'
       union all select verdict from webhook_inbox where body like '%ada@%' order by kind`,
    );
  const unreadable = intentOf("pi_2", "order-2", { amount: 1e30, receipt_email: "ada@example.com" });
  await shop.pay(order);
  for (const intent of [intentOf("pi_1", "order-1", { receipt_email: "ada@example.com" }), unreadable])
    await shop.deliver(shop.stripe.emit("payment_intent.succeeded", intent));
  await shop.settled();
  expect(await stored()).toEqual([
    { kind: "applied" },
    { kind: "order" },
    { kind: "payment" },
    { kind: "unreadable" },
  ]);
  await eraseAda();
  expect(await stored()).toEqual([]);
});

async function eraseAda() {
  await shop.rows(
    "insert into erasures (id, email, requester, created_at) values (gen_random_uuid(), 'ada@example.com', 'test', now())",
  );
  let state = "more";
  while (state !== "done")
    state = (await shop.rows("select erase_piece(id, now()) as state from erasures"))[0].state;
}

test("the receipt for a person who was erased before the payment is skipped", async () => {
  shop = await paymentShop();
  await shop.pay({ ...order, email: "ada@example.com" });
  await shop.settled();
  await eraseAda();
  await capture(4200);
  expect(await orderStates()).toEqual([{ status: "paid" }]);
  expect(await shop.rows("select status from jobs where function_id = 'send-mail'")).toEqual([
    { status: "skipped" },
  ]);
  expect(await shop.mails()).toEqual([]);
});
