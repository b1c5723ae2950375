import { createHmac, randomUUID } from "node:crypto";
import { Pool } from "undici";

export const SECRET = "whsec_benchmark_of_webhooks";

/** A request as Stripe sends it. */
export type Post = { body: string; headers: Record<string, string> };

/** Makes signed webhooks about `count` objects. Every tenth webhook repeats an earlier one. */
export function signedPosts(count: number, tag: string): Post[] {
  const posts: Post[] = [];
  for (let n = 0; n < count; n++) {
    const repeated = n % 10 === 9 ? posts[n - 5] : undefined;
    posts.push(repeated ?? signed(JSON.stringify(paymentSucceeded(`${tag}${n}`))));
  }
  return posts;
}

function signed(body: string): Post {
  const seconds = Math.floor(Date.now() / 1000);
  const signature = createHmac("sha256", SECRET).update(`${seconds}.${body}`).digest("hex");
  const headers = {
    "content-type": "application/json; charset=utf-8",
    "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    "stripe-signature": `t=${seconds},v1=${signature}`,
  };
  return { body, headers };
}

/** A payment intent with the fields that Stripe sends. */
const paymentSucceeded = (name: string) => ({
  id: `evt_${randomUUID()}`,
  object: "event",
  api_version: "2024-06-20",
  created: Math.floor(Date.now() / 1000),
  data: {
    object: {
      id: `pi_${name}`,
      object: "payment_intent",
      amount: 4200,
      amount_capturable: 0,
      amount_details: { tip: {} },
      amount_received: 4200,
      application: null,
      application_fee_amount: null,
      automatic_payment_methods: null,
      canceled_at: null,
      cancellation_reason: null,
      capture_method: "automatic",
      client_secret: `pi_${name}_secret_benchmark`,
      confirmation_method: "automatic",
      created: Math.floor(Date.now() / 1000),
      currency: "usd",
      customer: null,
      description: "An order of the benchmark",
      invoice: null,
      last_payment_error: null,
      latest_charge: `ch_${name}`,
      livemode: false,
      metadata: { orderId: `order-${name}` },
      next_action: null,
      on_behalf_of: null,
      payment_method: `pm_${name}`,
      payment_method_options: {
        card: {
          installments: null,
          mandate_options: null,
          network: null,
          request_three_d_secure: "automatic",
        },
      },
      payment_method_types: ["card"],
      processing: null,
      receipt_email: null,
      review: null,
      setup_future_usage: null,
      shipping: null,
      source: null,
      statement_descriptor: null,
      statement_descriptor_suffix: null,
      status: "succeeded",
      transfer_data: null,
      transfer_group: null,
    },
  },
  livemode: false,
  pending_webhooks: 1,
  request: { id: `req_${name}`, idempotency_key: randomUUID() },
  type: "payment_intent.succeeded",
});

export type Sent = { seconds: number; timesMs: number[] };

/** Sends the posts in their order, `atOnce` posts at a time, over connections that are kept open. */
export async function sendAll(url: string, posts: readonly Post[], atOnce: number): Promise<Sent> {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: atOnce });
  const timesMs: number[] = [];
  let next = 0;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let post = posts[next++]; post !== undefined; post = posts[next++]) {
        const began = performance.now();
        const answer = await pool.request({ path: pathname, method: "POST", ...post });
        const text = await answer.body.text();
        timesMs.push(performance.now() - began);
        if (answer.statusCode !== 200) throw new Error(`${answer.statusCode} ${text}`);
      }
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  await pool.close();
  return { seconds, timesMs };
}
