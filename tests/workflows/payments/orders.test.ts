import { afterEach, expect, test } from "vitest";
import { intentOf, type PaymentShop, paymentShop } from "../../support/payment-shop.ts";

let shop: PaymentShop;
afterEach(() => shop.close());

const order = { orderId: "order-1", amount: 4200, idempotencyKey: "key-1" };
const pays = async (more: object = {}) => {
  await shop.deliver(shop.stripe.emit("payment_intent.succeeded", intentOf("pi_1", "order-1", more)));
  await shop.settled();
};

test("a later request gives its address to an order without one; a paid order then gets its receipt, once", async () => {
  shop = await paymentShop();
  await shop.pay(order);
  await shop.settled();
  await pays({ receipt_email: null });
  expect(await shop.mails()).toEqual([]);

  for (const email of ["ada@example.com", "bob@example.com"])
    expect((await shop.pay({ ...order, email })).status).toBe(202);
  await shop.settled();
  expect(await shop.mails()).toMatchObject([{ to: ["ada@example.com"], subject: "Payment received!" }]);
  expect(await shop.rows("select email from orders")).toEqual([{ email: "ada@example.com" }]);
});

test("409: another owner gets the same answer for each amount, and changes nothing", async () => {
  shop = await paymentShop();
  await shop.pay(order);
  const bob = await shop.keyOf("bob");
  for (const amount of [order.amount, 1]) {
    const { status, body } = await shop.pay({ ...order, amount, email: "bob@example.com" }, bob);
    expect(status).toBe(409);
    expect(body.detail).toBe("This order belongs to another owner");
  }
  expect(await shop.rows("select owner, email from orders")).toEqual([{ owner: "alice", email: null }]);
});

test("409: an order that a webhook made cannot be requested, and the answer says why", async () => {
  shop = await paymentShop();
  await pays();
  const { status, body } = await shop.pay(order);
  expect(status).toBe(409);
  expect(body.detail).toContain("A webhook has made this order before it was requested here");
});

test("an order names the job that ran last, also after a failed job was reprocessed", async () => {
  shop = await paymentShop();
  shop.stripe.fail({ status: 400, count: 1 });
  const { jobId } = (await shop.pay(order)).body;
  await shop.engine.waitFor(async () => (await shop.rows("select from dead_letter_queue")).length === 1);
  expect(await shop.rows("select job_id from orders")).toEqual([{ job_id: jobId }]);

  const [letter] = await shop.rows("select id, error_message from dead_letter_queue");
  expect(letter.error_message).toBe("Stripe answered 400: An injected fault.");
  const admin = { authorization: `Bearer ${await shop.keyOf("operator", "admin")}` };
  const reprocessed = await shop.post(`/api/dead-letters/${letter.id}/reprocess`, {}, admin);
  expect(reprocessed.status).toBe(202);
  await shop.settled();
  const [again] = await shop.rows("select id from jobs where parent_job_id = $1 and status = 'completed'", [
    jobId,
  ]);
  expect(await shop.rows("select job_id from orders")).toEqual([{ job_id: again.id }]);

  // The job of an app's own event has no owner who could read it.
  await shop.engine.send({ name: "payment/process", data: order });
  await shop.settled();
  expect(await shop.rows("select job_id from orders")).toEqual([{ job_id: again.id }]);
});
