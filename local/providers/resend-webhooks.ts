import { createHmac, randomUUID } from "node:crypto";
import { json } from "#providers/http.ts";
import type { SignedWebhook } from "#providers/webhook-sender.ts";

type Options = {
  clock?: { now(): Date };
  /** `whsec_<Base64>`. */
  webhookSecret: string;
  /** The site to which the webhook is sent. */
  site: string;
};
type Event = { id: string; type: string; created_at: string; payload: object };

const WEBHOOK = "4dd369bc-aa82-4ff3-97de-514ae3000ee0";
const EVENTS = new RegExp(`^/webhooks/${WEBHOOK}/events(?:/([^/]+))?$`);

/** A stand-in for Resend's webhooks. The account has one webhook, whose events are signed, and listed newest first. */
export function createResendWebhooks({ clock = { now: () => new Date() }, webhookSecret, site }: Options) {
  const events: Event[] = [];
  const key = Buffer.from(webhookSecret.replace(/^whsec_/, ""), "base64");
  const endpoint = `${site}/api/webhooks/resend`;
  return {
    /** Records an event about a mail, and returns the webhook that Resend would send. */
    recordEvent(type: string, data: object): SignedWebhook & { id: string } {
      const at = clock.now();
      const id = `msg_${randomUUID().replaceAll("-", "")}`;
      const payload = { type, created_at: at.toISOString(), data };
      events.push({ id, type, created_at: at.toISOString(), payload });
      const body = JSON.stringify(payload);
      const seconds = Math.floor(at.getTime() / 1000);
      const signature = createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64");
      const headers = {
        "content-type": "application/json",
        "svix-id": id,
        "svix-timestamp": String(seconds),
        "svix-signature": `v1,${signature}`,
      };
      return { path: "/api/webhooks/resend", body, headers, id };
    },
    async fetch(request: Request): Promise<Response> {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname === "/webhooks") {
        const webhook = {
          id: WEBHOOK,
          created_at: "2026-10-01T12:00:00Z",
          status: "enabled",
          endpoint,
          events: null,
        };
        return json(200, { object: "list", has_more: false, data: [webhook] });
      }
      const [found, id] = EVENTS.exec(pathname) ?? [];
      if (id !== undefined) {
        const event = events.find((one) => one.id === id);
        if (event)
          return json(200, { object: "webhook_event", status: "success", next_attempt_at: null, ...event });
      }
      if (found === undefined || id !== undefined) {
        return json(404, { statusCode: 404, name: "not_found", message: "Webhook not found" });
      }
      const limit = Math.min(Number(searchParams.get("limit") ?? 20), 100);
      const newestFirst = events.toReversed();
      const after = searchParams.get("after");
      const start = after === null ? 0 : newestFirst.findIndex((one) => one.id === after) + 1;
      const data = newestFirst
        .slice(start, start + limit)
        .map(({ id, type, created_at }) => ({ id, type, created_at, status: "success" }));
      return json(200, { object: "list", has_more: start + limit < newestFirst.length, data });
    },
  };
}
