import { createHmac, randomUUID } from "node:crypto";
import { json } from "#providers/http.ts";
import type { SignedWebhook } from "#providers/webhook-sender.ts";

type Options = {
  clock?: { now(): Date };
  webhookSecret: string;
  /** The site to which every repository's hook sends webhooks. */
  site: string;
};
type Delivery = { id: number; guid: string; event: string; action: string | null; at: Date; payload: object };

const HOOK = 42;
/** GitHub forgets deliveries after three days. */
const KEEP_MS = 3 * 24 * 60 * 60_000;
const DELIVERIES = new RegExp(`^/repos/([^/]+/[^/]+)/hooks/${HOOK}/deliveries(?:/(\\d+))?$`);

/** A stand-in for GitHub. Each repository has one hook, whose deliveries are signed, and listed newest first. */
export function createGithubProvider({ clock = { now: () => new Date() }, webhookSecret, site }: Options) {
  const deliveries = new Map<string, Delivery[]>();
  let lastId = 1000;
  const counts = { reads: 0 };
  return {
    counts,
    /** Records an event in a repository, and returns the webhook that GitHub would send. */
    recordEvent(
      repository: string,
      event: string,
      payload: { action?: string },
    ): SignedWebhook & { guid: string } {
      const guid = randomUUID();
      const at = clock.now();
      const all = deliveries.get(repository) ?? [];
      deliveries.set(repository, all);
      const whole = { ...payload, repository: { full_name: repository, stargazers_count: all.length } };
      all.push({ id: ++lastId, guid, event, action: payload.action ?? null, at, payload: whole });
      const body = JSON.stringify(whole);
      const signature = createHmac("sha256", webhookSecret).update(body).digest("hex");
      const headers = {
        "content-type": "application/json",
        "x-github-event": event,
        "x-github-delivery": guid,
        "x-github-hook-id": String(HOOK),
        "x-hub-signature-256": `sha256=${signature}`,
      };
      return { path: "/api/webhooks/github", body, headers, guid };
    },
    async fetch(request: Request): Promise<Response> {
      counts.reads += 1;
      const url = new URL(request.url);
      if (!/^Bearer \S+$/.test(request.headers.get("authorization") ?? "")) {
        return json(401, { message: "Requires authentication" });
      }
      if (/^\/repos\/[^/]+\/[^/]+\/hooks$/.test(url.pathname)) {
        const config = { url: `${site}/api/webhooks/github`, content_type: "json", insecure_ssl: "0" };
        return json(200, [{ type: "Repository", id: HOOK, name: "web", active: true, config }]);
      }
      const [, repository = "", id] = DELIVERIES.exec(url.pathname) ?? [];
      const known = (deliveries.get(repository) ?? []).filter(
        ({ at }) => clock.now().getTime() - at.getTime() < KEEP_MS,
      );
      if (id !== undefined) {
        const one = known.find((delivery) => delivery.id === Number(id));
        return one ? json(200, whole(one)) : json(404, { message: "Not Found" });
      }
      return repository === "" ? json(404, { message: "Not Found" }) : page(url, known.toReversed());
    },
  };
}

function page(url: URL, newestFirst: readonly Delivery[]): Response {
  const size = Math.min(Number(url.searchParams.get("per_page") ?? 30), 100);
  const cursor = url.searchParams.get("cursor");
  const start = cursor === null ? 0 : newestFirst.findIndex(({ id }) => `v1_${id}` === cursor);
  const found = newestFirst.slice(start, start + size);
  const next = newestFirst[start + size];
  if (next === undefined) return json(200, found.map(item));
  url.searchParams.set("cursor", `v1_${next.id}`);
  return json(200, found.map(item), { link: `<${url}>; rel="next"` });
}

const item = ({ id, guid, event, action, at }: Delivery) => ({
  id,
  guid,
  delivered_at: at.toISOString(),
  redelivery: false,
  duration: 0.1,
  status: "OK",
  status_code: 200,
  event,
  action,
  installation_id: null,
  repository_id: 1,
});

const whole = (delivery: Delivery) => ({
  ...item(delivery),
  request: { headers: { "X-GitHub-Delivery": delivery.guid }, payload: delivery.payload },
  response: { headers: {}, payload: "ok" },
});
