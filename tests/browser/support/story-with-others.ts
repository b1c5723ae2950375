import { randomUUID } from "node:crypto";
import { githubHeaders } from "../../support/sign.ts";
import type { Api } from "./api.ts";
import { eventually, GITHUB_SECRET } from "./seeds.ts";
import { fillTables, withDatabase } from "./story-rows.ts";

type World = { api: Api; site: string; providers: string; databaseUrl: string };

/** Payments, webhooks in both directions, keys, a flag and schedules. */
export async function workWithOthers(world: World): Promise<void> {
  await pay(world);
  for (const type of ["push", "star", "star", "issues", "fork", "release"]) await fromGithub(world, type);
  await tellOthers(world);
  await world.api.call("PUT", "/api/flags/async_newsletter", { percentage: 25, allowed: ["ann"] });
  // The first request makes the schedules' rows.
  await world.api.call("GET", "/api/schedules");
  await world.api.call("POST", "/api/schedules/send-daily-report/run");
  await withDatabase(world.databaseUrl, fillTables);
}

const amounts = { "order-1041": 4200, "order-1042": 12_900, "order-1043": 1999, "order-1044": 64_000 };

/** Stripe reports two payments as paid and one as declined. The last customer has not paid yet. */
async function pay({ api, site, providers }: World): Promise<void> {
  for (const [orderId, amount] of Object.entries(amounts))
    await api.call("POST", "/api/payments", { orderId, amount, idempotencyKey: orderId });
  type Intent = { id: string; object: string; metadata: { orderId: string } };
  const made = async (): Promise<Intent[]> =>
    (await (await fetch(`${providers}/_control/stripe/objects`)).json()).objects;
  await eventually("Stripe has the payments", async () => (await made()).length === 4);
  for (const intent of await made()) {
    const { orderId } = intent.metadata;
    if (orderId === "order-1044") continue;
    const isDeclined = orderId === "order-1043";
    const object = isDeclined
      ? { ...intent, last_payment_error: { code: "card_declined" } }
      : { ...intent, status: "succeeded" };
    const type = isDeclined ? "payment_intent.payment_failed" : "payment_intent.succeeded";
    const { path, body, headers } = await api.steer("/_control/stripe/events", { type, object });
    await send(`${site}${path}`, body, headers);
  }
  await eventually("two orders are paid", async () => {
    const { items } = await api.call("GET", "/api/orders?status=paid");
    return items.length === 2;
  });
}

async function fromGithub({ site }: World, type: string): Promise<void> {
  const body = JSON.stringify({
    action: "created",
    repository: { full_name: "ada/engine" },
    nonce: randomUUID(),
  });
  await send(`${site}/api/webhooks/github`, body, githubHeaders(body, GITHUB_SECRET, type));
}

async function send(url: string, body: string, headers: Record<string, string>): Promise<void> {
  const response = await fetch(url, { method: "POST", body, headers });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
}

/** Endpoints of three customers, one of which is disabled, and keys, one of which is revoked. */
async function tellOthers({ api }: World): Promise<void> {
  const endpoint = (url: string, eventTypes: string[], description: string) =>
    api.call("POST", "/api/webhook-endpoints", { url, eventTypes, description });
  await endpoint("https://shop.example.com/hooks/nightshift", ["payment.succeeded"], "The shop");
  await endpoint("https://crm.example.org/in", ["import.completed", "campaign.completed"], "");
  const { id } = await endpoint("https://old.example.net/webhook", ["*"], "Until the move");
  await api.call("POST", `/api/webhook-endpoints/${id}/disable`);
  const key = (name: string, role: string) => api.call("POST", "/api/keys", { name, role, owner: name });
  await key("shop", "app");
  await key("newsletter editor", "app");
  const old = await key("laptop of last year", "admin");
  await api.call("DELETE", `/api/keys/${old.id}`);
}
