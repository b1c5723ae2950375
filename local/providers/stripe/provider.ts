import { createHmac, randomUUID } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { json, parseBody } from "#providers/http.ts";
import { DroppedAnswer } from "#providers/mail/api.ts";
import { type StripeEvent, type StripeObject, StripeStore } from "#providers/stripe/store.ts";

type Options = {
  dir?: string;
  clock?: { now(): Date };
  webhookSecret?: string;
  /** The time between sending an event and its appearance in the list. */
  listLagMs?: number;
};

/**
 * The next `count` calls that change something fail: with `status`, or, with `dropAnswer`, by ending the connection
 * after the work was done. A status of 500 or more is remembered for the call's idempotency key.
 */
const faults = z.strictObject({
  status: z.int().min(400).max(599).optional(),
  dropAnswer: z.boolean().optional(),
  count: z.int().min(0).default(1),
});

/** Something that happens at Stripe. The answer is the webhook that Stripe would send. */
const newEvent = z.strictObject({
  type: z.string(),
  object: z.looseObject({ id: z.string(), object: z.string() }),
});

/** The search finds an object only a minute after it was made, because Stripe's search lags too. */
const SEARCH_LAG_MS = 60_000;

const INJECTED = "An injected fault.";
const problem = (status: number, type: string, message: string) => json(status, { error: { type, message } });

/**
 * A stand-in for Stripe: payment intents with idempotency keys, objects to read, the list of events, and signed
 * webhooks. With `emit`, a test says what has happened at Stripe.
 */
export function createStripeProvider({
  dir,
  clock = { now: () => new Date() },
  webhookSecret = "whsec_local_stripe",
  listLagMs = 0,
}: Options = {}) {
  const store = new StripeStore(dir === undefined ? undefined : join(dir, "stripe.journal"));
  const fault = { plan: faults.parse({ count: 0 }) };
  const counts = { reads: 0, writes: 0 };

  return {
    store,
    counts,
    /** Makes the next calls fail. */
    fail: (plan: z.input<typeof faults>) => {
      fault.plan = faults.parse(plan);
    },
    /** The event and its webhook, as Stripe would send it. */
    emit(type: string, object: StripeObject, at = clock.now()) {
      return webhookOf(store.recordEvent(type, object, at));
    },
    webhookOf,
    close: () => store.close(),
    async fetch(request: Request): Promise<Response> {
      const url = new URL(request.url);
      if (url.pathname.startsWith("/_control/stripe/")) return control(request, url.pathname);
      if (!/^Bearer \S+$/.test(request.headers.get("authorization") ?? "")) {
        return problem(401, "invalid_request_error", "You did not provide an API key.");
      }
      if (request.method === "POST" && url.pathname === "/v1/payment_intents") return create(request);
      return read(url);
    },
  };

  function webhookOf(event: StripeEvent) {
    const body = JSON.stringify(event);
    const seconds = Math.floor(clock.now().getTime() / 1000);
    const signature = createHmac("sha256", webhookSecret).update(`${seconds}.${body}`).digest("hex");
    const headers = {
      "content-type": "application/json; charset=utf-8",
      "stripe-signature": `t=${seconds},v1=${signature}`,
    };
    return { path: "/api/webhooks/stripe", event, body, headers };
  }

  async function create(request: Request): Promise<Response> {
    counts.writes += 1;
    const form = await request.text();
    const key = request.headers.get("idempotency-key") ?? randomUUID();
    const { status, dropAnswer } = takeFault();
    // Stripe refuses such a call before it looks at the key, so a repeat may have another result.
    if (status !== undefined && status < 500) return problem(status, "api_error", INJECTED);
    const failure = store.failed(key, clock.now());
    const earlier = store.made(key) ?? failure;
    if (earlier !== undefined && earlier.form !== form) {
      return problem(400, "idempotency_error", "Keys can only be used with the same parameters.");
    }
    // Stripe answers a repeat of a key as it answered the first call, also when that was an error.
    if (failure !== undefined) return problem(failure.status, "api_error", INJECTED);
    if (earlier === undefined && status !== undefined) {
      store.fail({ key, form, status, at: clock.now().getTime() });
      return problem(status, "api_error", INJECTED);
    }
    if (earlier === undefined) store.put(intentOf(new URLSearchParams(form)), { key, form });
    if (dropAnswer === true) throw new DroppedAnswer();
    return json(200, store.objects.get(store.made(key)?.id ?? ""));
  }

  function takeFault(): Pick<z.infer<typeof faults>, "status" | "dropAnswer"> {
    const { count, ...effect } = fault.plan;
    if (count === 0) return {};
    fault.plan = { ...fault.plan, count: count - 1 };
    return effect;
  }

  function intentOf(form: URLSearchParams): StripeObject {
    const metadata = Object.fromEntries(
      [...form].flatMap(([name, value]) => {
        const field = /^metadata\[(\w+)\]$/.exec(name)?.[1];
        return field === undefined ? [] : [[field, value]];
      }),
    );
    return {
      id: `pi_${randomUUID().replaceAll("-", "")}`,
      object: "payment_intent",
      amount: Number(form.get("amount")),
      currency: form.get("currency") ?? "usd",
      status: "requires_payment_method",
      created: Math.floor(clock.now().getTime() / 1000),
      metadata,
    };
  }

  function read({ pathname, searchParams }: URL): Response {
    counts.reads += 1;
    if (pathname === "/v1/events") {
      const listedUntil = (clock.now().getTime() - listLagMs) / 1000;
      const listed = store.events.filter(({ created }) => created <= listedUntil);
      return json(200, eventPage(listed, searchParams));
    }
    if (pathname === "/v1/payment_intents/search") {
      const orderId = /^metadata\['orderId'\]:'([^']+)'$/.exec(searchParams.get("query") ?? "")?.[1];
      const foundUntil = (clock.now().getTime() - SEARCH_LAG_MS) / 1000;
      const isFound = ({ object, created }: StripeObject) =>
        object === "payment_intent" && Number(created) <= foundUntil;
      return json(200, { object: "search_result", data: store.withOrder(orderId ?? "").filter(isFound) });
    }
    const object = store.objects.get(pathname.split("/").at(-1) ?? "");
    return object ? json(200, object) : problem(404, "invalid_request_error", "No such object.");
  }

  async function control(request: Request, pathname: string): Promise<Response> {
    if (request.method === "GET") return json(200, { ...counts, objects: [...store.objects.values()] });
    if (pathname === "/_control/stripe/events") {
      const event = await parseBody(request, newEvent);
      if (event instanceof Response) return event;
      return json(200, webhookOf(store.recordEvent(event.type, event.object, clock.now())));
    }
    if (pathname !== "/_control/stripe/faults") return json(404, { error: `There is no ${pathname} here.` });
    const plan = await parseBody(request, faults);
    if (plan instanceof Response) return plan;
    fault.plan = plan;
    return json(200, plan);
  }
}

/** Newest first, as Stripe lists them. */
function eventPage(events: readonly StripeEvent[], query: URLSearchParams) {
  const since = Number(query.get("created[gte]") ?? 0);
  const limit = Math.min(Number(query.get("limit") ?? 10), 100);
  const types = query.getAll("types[]");
  const newestFirst = events
    .filter(({ created, type }) => created >= since && (types.length === 0 || types.includes(type)))
    .toReversed();
  const after = query.get("starting_after");
  const start = after === null ? 0 : newestFirst.findIndex(({ id }) => id === after) + 1;
  const data = newestFirst.slice(start, start + limit);
  return { object: "list", data, has_more: start + limit < newestFirst.length };
}
