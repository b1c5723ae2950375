import { expect, test } from "vitest";
import { createStripeProvider } from "#providers/stripe/provider.ts";

const pay = async (stripe: ReturnType<typeof createStripeProvider>, key: string) => {
  const request = new Request("http://stripe.local/v1/payment_intents", {
    method: "POST",
    headers: { authorization: "Bearer sk_test_local", "idempotency-key": key },
    body: "amount=100&currency=usd",
  });
  return (await stripe.fetch(request)).status;
};

test("an error of Stripe is repeated for its idempotency key, until the key is forgotten after a day", async () => {
  let now = new Date();
  const stripe = createStripeProvider({ clock: { now: () => now } });
  stripe.fail({ status: 500 });
  expect([await pay(stripe, "a"), await pay(stripe, "a"), await pay(stripe, "b")]).toEqual([500, 500, 200]);
  now = new Date(now.getTime() + 24 * 60 * 60_000);
  expect(await pay(stripe, "a")).toBe(200);
});

test("a call that Stripe refuses before it looks at the key may be repeated, and a made payment stays", async () => {
  const stripe = createStripeProvider();
  for (const status of [401, 409, 429]) {
    stripe.fail({ status });
    expect([await pay(stripe, `${status}`), await pay(stripe, `${status}`)]).toEqual([status, 200]);
  }
  stripe.fail({ status: 500 });
  expect(await pay(stripe, "429")).toBe(200);
  expect(stripe.store.objects.size).toBe(3);
});
