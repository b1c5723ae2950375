import { createApiKey } from "@nightshift/local/api-key.ts";
import { startEngine } from "@nightshift/local/engine/testkit.ts";
import { createMailProvider } from "@nightshift/local/providers/mail/provider.ts";
import { createStripeProvider } from "@nightshift/local/providers/stripe/provider.ts";
import { z } from "zod";
import { type App, createApp } from "#app.ts";
import { allFunctions } from "#functions.ts";
import { testEnv } from "./app.ts";
import { CHECKPOINTING } from "./checkpointing.ts";
import { freshDatabase } from "./database.ts";
import { addressOf, asRequest } from "./request.ts";

const JSON_BODY = { "content-type": "application/json" };
const SECRET = "whsec_local_stripe";

type Options = {
  /** Without a key, the webhooks' own bodies are written. */
  apiKey?: boolean;
  env?: Record<string, string>;
  /** The time at which the virtual clock begins. */
  start?: Date;
  /** Stands behind every call of the app to the outside and to the database, after it has had its effect. */
  after?: (address: URL) => void;
};

export type PaymentShop = Awaited<ReturnType<typeof paymentShop>>;

/** The whole product in one process, on the engine's virtual clock, with stand-ins for Stripe and for mail. */
export async function paymentShop({ apiKey = true, env = {}, start, after }: Options = {}) {
  const database = await freshDatabase();
  let app: App | undefined;
  const engine = await startEngine({
    checkpointing: CHECKPOINTING,
    ...(start && { start }),
    app: (request) => app?.doors.inngest(request) ?? Promise.reject(new Error("no app yet")),
  });
  const mail = createMailProvider({ clock: engine.clock });
  const stripe = createStripeProvider({ clock: engine.clock, webhookSecret: SECRET });
  const answer: typeof globalThis.fetch = (input, init) => {
    const { host } = addressOf(input);
    if (host === "engine.local") return engine.fetch(input, init);
    if (host === "mail.local") return mail.fetch(asRequest(input, init));
    return host === "stripe.local" ? stripe.fetch(asRequest(input, init)) : database.fetch(input, init);
  };
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const response = await answer(input, init);
    after?.(addressOf(input));
    return response;
  };
  const settings = testEnv(database, {
    CHECKPOINTING: String(CHECKPOINTING),
    PLAN: "pro",
    MAIL_REQUESTS_PER_SECOND: "0",
    STRIPE_BASE_URL: "http://stripe.local",
    STRIPE_WEBHOOK_SECRET: SECRET,
    ...(apiKey ? { STRIPE_API_KEY: "sk_test_shop" } : {}),
    ...env,
  });
  const running = createApp(settings, { fetch, clock: engine.clock }, allFunctions);
  app = running;
  const keyOf = (owner: string, role: "app" | "admin" = "app") =>
    createApiKey(database.project, { name: owner, role, owner });
  const key = await keyOf("alice");

  const door = async (path: string, body: string, headers: Record<string, string>) => {
    const url = `http://site.local${path}`;
    const response = await running.doors.api(new Request(url, { method: "POST", body, headers }));
    return { status: response.status, body: await response.json() };
  };
  const rows = async (sql: string, values: unknown[] = []) => (await database.sql.query(sql, values)).rows;

  return {
    engine,
    stripe,
    app: running,
    rows,
    keyOf,
    /** A POST of JSON. */
    post: (path: string, body: unknown, headers: Record<string, string> = {}) =>
      door(path, JSON.stringify(body), { "content-type": "application/json", ...headers }),
    /** A call whose body is signed by its headers. */
    door,
    /** Asks for a payment as the application does, or as the application of another key. */
    pay: (payment: object, by: string = key) =>
      door("/api/payments", JSON.stringify(payment), {
        authorization: `Bearer ${by}`,
        "content-type": "application/json",
      }),
    /** The webhook that Stripe sends for this event. */
    deliver: ({ body, headers }: { body: string; headers: Record<string, string> }) =>
      door("/webhooks/payment", body, headers),
    /** Waits until every job has ended. */
    settled: () =>
      engine.waitFor(
        async () => (await rows("select from jobs where status in ('queued', 'running')")).length === 0,
        { within: "2d" },
      ),
    /** The mails by the mailer's own record. */
    /** Steers the mailer: faults, refused addresses, pace. */
    async steerMail(call: string, body: object) {
      const url = `http://mail.local/_control/${call}`;
      const answer = await mail.fetch(
        new Request(url, { method: "POST", body: JSON.stringify(body), headers: JSON_BODY }),
      );
      if (!answer.ok) throw new Error(await answer.text());
    },
    /** The plain text of one mail. */
    textOf: async (id: string): Promise<string> =>
      (await mail.fetch(new Request(`http://mail.local/messages/${id}/text`))).text(),
    async mails() {
      const list = await mail.fetch(new Request("http://mail.local/_control/messages"));
      return mailRecord.parse(await list.json()).messages;
    },
    /** The payments by Stripe's own record. */
    intents: () => [...stripe.store.objects.values()].filter(({ object }) => object === "payment_intent"),
    async close() {
      await engine.close();
      mail.close();
      stripe.close();
      await database.close();
    },
  };
}

const mailRecord = z.object({
  messages: z.array(z.looseObject({ id: z.string(), to: z.array(z.string()), subject: z.string() })),
});

/** A payment intent as Stripe has it. */
export const intentOf = (id: string, orderId: string | undefined, more: object = {}) => ({
  id,
  object: "payment_intent",
  amount: 4200,
  currency: "usd",
  status: "succeeded",
  created: 1_793_527_200,
  metadata: orderId === undefined ? {} : { orderId },
  receipt_email: "ada@example.com",
  ...more,
});
