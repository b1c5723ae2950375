/**
 * A killed process leaves an effect whose answer was lost. Here the n-th call of the app to anything (database, engine,
 * Stripe, mailer) has its effect, and its answer is lost: for each n there is a payment of its own.
 */
import { afterEach, expect, test } from "vitest";
import { intentOf, type PaymentShop, paymentShop } from "../../support/payment-shop.ts";

let shop: PaymentShop;
afterEach(() => shop.close());

test("S4-36: a crash after any single request leaves one payment, one mail and one analytics event", async () => {
  const kill = { in: Infinity, count: 0, hosts: new Set<string>() };
  shop = await paymentShop({
    after(request) {
      kill.in -= 1;
      if (kill.in !== 0) return;
      kill.count += 1;
      kill.hosts.add(new URL(request.url).host);
      throw new TypeError("fetch failed", { cause: { code: "ECONNRESET" } });
    },
  });
  /** Housekeeping sends what the outbox still holds. */
  const settled = async () => {
    const open = "select from jobs where status in ('queued', 'running')";
    for (let round = 0; round < 30 && (await shop.rows(open)).length > 0; round++) {
      await shop.engine.advance("6m");
      if ((await shop.rows(open)).length > 0) await shop.app.keepHouse().catch(() => undefined);
    }
    expect(await shop.rows(open)).toEqual([]);
  };
  let isKilled = true;
  let n = 0;
  for (; isKilled; n++) {
    const orderId = `order-${n}`;
    const killsBefore = kill.count;
    kill.in = n + 1;
    const payment = { orderId, amount: 4200, idempotencyKey: `key-${n}`, email: "ada@example.com" };
    // A caller, and a provider, that get no 2xx ask again.
    while ((await shop.pay(payment)).status !== 202);
    await settled();
    const intent = shop.stripe.record.objects.get(shop.stripe.record.made(`order-${n}:key-${n}`)?.id ?? "");
    const paid = intentOf(intent?.id ?? "", orderId, { receipt_email: null });
    const webhook = shop.stripe.emit("payment_intent.succeeded", paid);
    while ((await shop.deliver(webhook)).status !== 200);
    await settled();
    isKilled = kill.count > killsBefore;
  }
  kill.in = Infinity;
  // The last payment was the first that nothing was killed in, so each of the calls before was killed once.
  expect(n).toBeGreaterThan(20);
  expect([...kill.hosts].toSorted()).toEqual([
    "engine.local",
    "mail.local",
    "stripe.local",
    "supabase.local",
  ]);
  expect(shop.intents()).toHaveLength(n);
  expect(await shop.rows("select status, count(*)::int from orders group by 1")).toEqual([
    { status: "paid", count: n },
  ]);
  expect(await shop.mails()).toHaveLength(n);
  expect(await shop.rows("select count(*)::int from analytics_events")).toEqual([{ count: n }]);
  expect(await shop.rows("select from mails where message_id is null")).toEqual([]);
  expect(await shop.rows("select from dead_letter_queue")).toEqual([]);
}, 240_000);
