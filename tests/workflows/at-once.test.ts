import { createMailProvider } from "@nightshift/local/providers/mail/provider.ts";
import { createStripeProvider } from "@nightshift/local/providers/stripe/provider.ts";
import { expect, test } from "vitest";
import { queueJob } from "#events.ts";
import { mailFunctions } from "#mail/functions.ts";
import { paymentFunctions } from "#payments/functions.ts";
import { workshop } from "../support/workshop.ts";

/** A provider that answers only when it is told to, and counts the requests that wait for it. */
function held(provider: (request: Request) => Promise<Response>) {
  const waiting: (() => void)[] = [];
  let [most, isOpen] = [0, false];
  return {
    waiting,
    most: () => most,
    open() {
      isOpen = true;
      for (const answer of waiting.splice(0)) answer();
    },
    async answer(request: Request): Promise<Response> {
      if (!isOpen) {
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          most = Math.max(most, waiting.length);
        });
      }
      return provider(request);
    },
  };
}

test("S4-52: 50 critical payments are at work at once, and 2 background mails, each counted by its provider", async () => {
  const stripe = createStripeProvider();
  const mail = createMailProvider();
  const [payments, mails] = [held(stripe.fetch), held(mail.fetch)];
  const shop = await workshop({
    functions: (platform) => [...paymentFunctions(platform), ...mailFunctions(platform)],
    env: {
      PLAN: "pro",
      MAIL_REQUESTS_PER_SECOND: "0",
      STRIPE_BASE_URL: "http://stripe.local",
      STRIPE_API_KEY: "sk_test_at_once",
    },
    hosts: { "stripe.local": payments.answer, "mail.local": mails.answer },
  });
  const wait = { timeout: 30_000 };
  try {
    // Mails to many at once are background work. Housekeeping sends their events.
    await shop.rows(
      `select private.send_mail(jsonb_build_object('key', n, 'template', 'welcome', 'to', n || '@example.com',
        'owner', 'ada', 'isBulk', true, 'fields', '{}'::jsonb), $1) from generate_series(1, 5) n`,
      [shop.engine.clock.now()],
    );
    await shop.engine.advance("1m");
    await shop.app.keepHouse();
    await expect.poll(() => mails.waiting.length, wait).toBe(2);
    for (let n = 0; n < 55; n++) {
      const order = { orderId: `order-${n}`, amount: 100, idempotencyKey: `key-${n}` };
      await shop.engine.send(queueJob("payment/process", order, "critical"));
    }
    await expect.poll(() => payments.waiting.length, wait).toBe(50);

    payments.open();
    const ended = (functionId: string) =>
      shop.rows(
        "select priority, count(*)::int from jobs where function_id = $1 and status = 'completed' group by 1",
        [functionId],
      );
    await expect.poll(() => ended("process-payment"), wait).toEqual([{ priority: 1, count: 55 }]);
    mails.open();
    await expect.poll(() => ended("send-bulk-mail"), wait).toEqual([{ priority: 4, count: 5 }]);
    expect([payments.most(), mails.most()]).toEqual([50, 2]);
  } finally {
    payments.open();
    mails.open();
    await shop.close();
    stripe.close();
    mail.close();
  }
}, 60_000);
