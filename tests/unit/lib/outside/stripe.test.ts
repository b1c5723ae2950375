import { expect, test } from "vitest";
import { z } from "zod";
import { systemClock } from "#lib/clock.ts";
import { createStripe } from "#lib/outside/stripe.ts";

const tokens = {
  take: async () => ({ granted: true, waitMs: 0, pausedMs: 0 }),
  learn: async () => {},
};

const messageFor = async (status: number, body: string): Promise<string> => {
  const stripe = createStripe({
    env: { STRIPE_BASE_URL: "http://stripe.local", STRIPE_API_KEY: "sk_test_1" },
    fetch: async () => new Response(body, { status }),
    clock: systemClock,
    tokens,
  });
  return stripe.post("/v1/payment_intents", {}, "key", z.object({})).then(
    () => "no error",
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
};

test.each([
  [
    { message: "Your card was declined.", code: "card_declined", decline_code: "insufficient_funds" },
    "Stripe answered 402: Your card was declined. (card_declined, insufficient_funds)",
  ],
  [{ message: "No such customer.", code: null }, "Stripe answered 402: No such customer."],
  [{ type: "api_error" }, "Stripe answered 402"],
])("an error contains Stripe's reason: %j", async (error, message) => {
  expect(await messageFor(402, JSON.stringify({ error, extra: "x".repeat(10_000) }))).toBe(message);
});

test("an error page without JSON gives no reason, and a long reason is cut", async () => {
  expect(await messageFor(502, "<html>Bad gateway</html>")).toBe("Stripe answered 502");
  const long = JSON.stringify({ error: { message: "x".repeat(100_000) } });
  expect(await messageFor(400, long)).toHaveLength(4096);
});
