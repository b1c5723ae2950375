/**
 * A killed process leaves an effect whose answer was lost. Here one call of the app to anything (database, engine, Stripe,
 * mailer) has its effect, and its answer is lost: for each call of an undisturbed payment there is a payment of its own.
 */
import { afterEach, expect, test } from "vitest";
import { intentOf, type PaymentShop, paymentShop } from "../../support/payment-shop.ts";

let shop: PaymentShop;
afterEach(() => shop.close());

test("S4-36: a crash after any single request leaves one payment, one mail and one analytics event", async () => {
  /** The calls of the current payment by name, because those of two simultaneous runs come in any order. */
  const calls = new Map<string, number>();
  let toKill = "";
  let isKilled = false;
  shop = await paymentShop({
    after({ host, pathname }) {
      const name = `${host}${pathname.replace(/pi_\w+|[0-9A-Z]{26}/, ":id")}`;
      const count = (calls.get(name) ?? 0) + 1;
      calls.set(name, count);
      if (`${name} ${count}` !== toKill) return;
      isKilled = true;
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
  let n = 0;
  const pay = async (call: string): Promise<void> => {
    n += 1;
    calls.clear();
    [toKill, isKilled] = [call, false];
    const payment = {
      orderId: `order-${n}`,
      amount: 4200,
      idempotencyKey: `key-${n}`,
      email: "ada@example.com",
    };
    // A caller, and a provider, that get no 2xx ask again.
    while ((await shop.pay(payment)).status !== 202);
    await settled();
    const intent = shop.stripe.store.objects.get(shop.stripe.store.made(`order-${n}/1/key-${n}`)?.id ?? "");
    const paid = intentOf(intent?.id ?? "", payment.orderId, { receipt_email: null });
    const webhook = shop.stripe.emit("payment_intent.succeeded", paid);
    while ((await shop.deliver(webhook)).status !== 200);
    await settled();
  };

  // The first payment of a process also asks what is asked once.
  await pay("none");
  await pay("none");
  const undisturbed = [...calls].flatMap(([name, count]) =>
    Array.from({ length: count }, (_, before) => `${name} ${before + 1}`),
  );
  expect(undisturbed.length).toBeGreaterThan(20);
  const hosts = new Set(undisturbed.map((call) => call.split("/")[0]));
  expect(hosts).toEqual(new Set(["engine.local", "mail.local", "stripe.local", "supabase.local"]));
  for (const call of undisturbed) {
    await pay(call);
    expect({ call, isKilled }).toEqual({ call, isKilled: true });
  }

  expect(shop.intents()).toHaveLength(n);
  expect(await shop.rows("select status, count(*)::int from orders group by 1")).toEqual([
    { status: "paid", count: n },
  ]);
  expect(await shop.mails()).toHaveLength(n);
  expect(await shop.rows("select count(*)::int from analytics_events")).toEqual([{ count: n }]);
  expect(await shop.rows("select from mails where message_id is null")).toEqual([]);
  expect(await shop.rows("select from dead_letter_queue")).toEqual([]);
}, 240_000);
