/**
 * Bodies as the providers document them, in full size, signed as the providers sign: what each of them becomes in the
 * database. tests/fixtures/webhooks has one file for each type.
 */
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type PaymentShop, paymentShop } from "../support/payment-shop.ts";
import { githubHeaders, resendHeaders, stripeHeaders } from "../support/sign.ts";

const FIXTURES = resolve(import.meta.dirname, "../fixtures/webhooks");
const SECRETS = {
  stripe: "whsec_local_stripe",
  github: "github_secret",
  resend: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
};
type Source = keyof typeof SECRETS;

/** The rows that follow from a handled type. A type without an entry is stored as ignored. */
const EXPECTED: Readonly<Record<string, [sql: string, rows: object[]]>> = {
  "stripe payment_intent.succeeded": [
    "select status, amount_cents::int, email, payment_id from orders where id = 'order-1001'",
    [{ status: "paid", amount_cents: 4200, email: "ada@example.com", payment_id: "pi_3QxNs0001" }],
  ],
  "stripe payment_intent.payment_failed": [
    "select order_id, status, failure_code, amount_cents::int from payments where id = 'pi_3QxNs0002'",
    [
      {
        order_id: "order-1002",
        status: "requires_payment_method",
        failure_code: "card_declined",
        amount_cents: 9900,
      },
    ],
  ],
  "stripe charge.refunded": [
    "select refunded_cents::int from payments where id = 'pi_3QxNs0001'",
    [{ refunded_cents: 1500 }],
  ],
  "stripe checkout.session.completed": [
    "select order_id, status from payments where id = 'pi_3QxNs0003'",
    [{ order_id: "order-1003", status: "unknown" }],
  ],
  "stripe customer.subscription.created": [
    "select status, customer_id, price_id, cancel_at_period_end, current_period_end from subscriptions where id = 'sub_1QxNs0001'",
    [
      {
        status: "active",
        customer_id: "cus_QxAda0001",
        price_id: "price_1QxNsMonthly",
        cancel_at_period_end: false,
        current_period_end: new Date((1_793_527_200 + 2_592_000) * 1000),
      },
    ],
  ],
  "stripe customer.subscription.updated": [
    "select status, cancel_at_period_end from subscriptions where id = 'sub_1QxNs0002'",
    [{ status: "active", cancel_at_period_end: true }],
  ],
  "stripe customer.subscription.deleted": [
    "select status from subscriptions where id = 'sub_1QxNs0003'",
    [{ status: "canceled" }],
  ],
  "github push": [
    "select push_count::int, commit_count::int from github_metrics where repository = 'ada/engine'",
    [{ push_count: 1, commit_count: 3 }],
  ],
  "github issues": ["select opened_issue_count::int from github_metrics", [{ opened_issue_count: 1 }]],
  "github release": ["select release_count::int from github_metrics", [{ release_count: 1 }]],
  "github star": ["select added_star_count::int from github_metrics", [{ added_star_count: 1 }]],
  "resend email.bounced": [
    "select reason, is_active from suppressions where address = 'bounced@example.com'",
    [{ reason: "bounced", is_active: true }],
  ],
  "resend email.complained": [
    "select reason, is_active from suppressions where address = 'complained@example.com'",
    [{ reason: "complained", is_active: true }],
  ],
  "resend email.suppressed": [
    "select reason, is_active from suppressions where address = 'suppressed@example.com'",
    [{ reason: "by_provider", is_active: true }],
  ],
  "resend email.delivered": ["select from suppressions where address = 'delivered@example.com'", []],
  "resend suppression.added": [
    "select reason, is_active from suppressions where address = 'added@example.com'",
    [{ reason: "complained", is_active: true }],
  ],
  // It was suppressed before this webhook came.
  "resend suppression.removed": [
    "select reason, is_active from suppressions where address = 'removed@example.com'",
    [{ reason: "by_provider", is_active: false }],
  ],
};

const recorded = (Object.keys(SECRETS) as Source[]).flatMap((source) =>
  readdirSync(resolve(FIXTURES, source)).map((file) => ({
    source,
    type: file.replace(/\.json$/, ""),
    body: readFileSync(resolve(FIXTURES, source, file), "utf8"),
  })),
);

let shop: PaymentShop;
/** The status of the answer by the body. */
const answers = new Map<string, number>();
beforeAll(async () => {
  const { github, resend } = SECRETS;
  // Without Stripe's key the state in the bodies is written, so that their fields are read.
  shop = await paymentShop({
    apiKey: false,
    env: { GITHUB_WEBHOOK_SECRET: github, RESEND_WEBHOOK_SECRET: resend },
  });
  const suppressed = {
    address: "removed@example.com",
    scope: "all",
    reason: "by_provider",
    source: "resend",
  };
  await shop.rows("select private.suppress($1, $2)", [JSON.stringify([suppressed]), "2026-10-01T10:00:00Z"]);
  for (const one of recorded) answers.set(one.body, (await bring(one)).status);
  await shop.settled();
}, 120_000);
afterAll(() => shop.close());

function bring({ source, type, body }: (typeof recorded)[number]) {
  const now = shop.engine.clock.now();
  const headers = {
    stripe: () => stripeHeaders(body, SECRETS.stripe, now),
    github: () => githubHeaders(body, SECRETS.github, type, `delivery-${type}`),
    resend: () => resendHeaders(body, SECRETS.resend, `msg_${type.replace(".", "_")}`, now),
  }[source]();
  return shop.door(`/api/webhooks/${source}`, body, headers);
}

test("there are bodies of at least 12 types of Stripe, 8 of GitHub and 8 of Resend", () => {
  const count = (source: Source) => recorded.filter((one) => one.source === source).length;
  expect(count("stripe")).toBeGreaterThanOrEqual(12);
  expect(count("github")).toBeGreaterThanOrEqual(8);
  expect(count("resend")).toBeGreaterThanOrEqual(8);
});

test.each(recorded)(
  "S2-16, S4-12: $source $type is stored, and its rows follow",
  async ({ source, type, body }) => {
    expect(answers.get(body)).toBe(200);
    const expected = EXPECTED[`${source} ${type}`];
    const [stored] = await shop.rows(
      "select body, verdict, external_id from webhook_inbox where source = $1 and type = $2",
      [source, type],
    );
    expect(stored?.body).toBe(body);
    if (expected === undefined) {
      expect(stored?.verdict).toBe("ignored");
      return;
    }
    expect(stored?.verdict).toMatch(/^(applied|unchanged)$/);
    expect(await shop.rows(expected[0])).toEqual(expected[1]);
  },
);

test("S4-35: the paid order has one receipt and one analytics event; every job has completed", async () => {
  expect(await shop.rows("select subject from analytics_events where name = 'payment_success'")).toEqual([
    { subject: "order-1001" },
  ]);
  expect((await shop.mails()).map(({ to, subject }) => [to, subject])).toEqual([
    [["ada@example.com"], "Payment received!"],
  ]);
  expect(await shop.rows("select from jobs where status <> 'completed'")).toEqual([]);
});
