import { AsyncLocalStorage } from "node:async_hooks";
import { createApiKey } from "@nightshift/local/api-key.ts";
import { startEngine } from "@nightshift/local/engine/testkit.ts";
import { createImagesProvider } from "@nightshift/local/providers/images/provider.ts";
import { createMailProvider } from "@nightshift/local/providers/mail/provider.ts";
import { createStripeProvider } from "@nightshift/local/providers/stripe/provider.ts";
import { type App, createApp } from "#app.ts";
import { allFunctions } from "#functions.ts";
import type { SafeFetch } from "#lib/outside/safe-fetch.ts";
import { testEnv } from "./app.ts";
import { CHECKPOINTING } from "./checkpointing.ts";
import { freshDatabase } from "./database.ts";
import { addressOf, asRequest } from "./request.ts";

/**
 * An outage of our own services during a function's call: the call is refused, or is done and its answer is lost, or
 * the calling process dies, or only Storage is down, or the engine accepts no events. From then on those services do not answer.
 */
export type Outage = "refused" | "answer lost" | "process died" | "no storage" | "no events taken";

export const GITHUB_SECRET = "github_secret";
export const HOOK_SECRET = `v1,whsec_${Buffer.from("a secret of Auth, thirty-two chars").toString("base64")}`;
const STRIPE_SECRET = "whsec_local_stripe";
const ALL_OF_OURS: Outage[] = ["refused", "answer lost", "process died"];

/**
 * The function that is called. One storage for all houses: Node never forgets a storage, and every later promise of the
 * worker costs a step for each.
 */
const functionOf = new AsyncLocalStorage<string>();

/** An outage that begins with the `call`-th call (1 is the first) that the function's runs make. */
type Plan = { functionId: string; kind: Outage; call: number };

export type OutageHouse = Awaited<ReturnType<typeof outageHouse>>;

/** The whole product with all its functions, on the engine's virtual clock, whose services go down when a test says so. */
export async function outageHouse() {
  const database = await freshDatabase();
  let plan: Plan | undefined;
  let calls = 0;
  let away: Outage | undefined;
  let dies: (error: Error) => void = () => {};

  /** Whether the outage begins with this call. */
  const begins = (kinds: Outage[]): boolean => {
    if (away !== undefined || functionOf.getStore() !== plan?.functionId) return false;
    if (plan === undefined || !kinds.includes(plan.kind)) return false;
    calls += 1;
    if (calls !== plan.call) return false;
    away = plan.kind;
    if (away === "process died") dies(died());
    return true;
  };
  const died = () => new TypeError("fetch failed: the process died");

  let app: App | undefined;
  let untilReleased: Promise<void> | undefined;
  const engine = await startEngine({
    checkpointing: CHECKPOINTING,
    async app(request) {
      if (away === "process died" || app === undefined) throw died();
      const { doors } = app;
      const functionId = new URL(request.url).searchParams.get("fnId")?.replace("nightshift-", "") ?? "";
      // A call without a function only registers the app.
      if (functionId !== "") await untilReleased;
      const death = new Promise<never>((_, reject) => {
        const others = dies;
        dies = (error) => {
          others(error);
          reject(error);
        };
      });
      death.catch(() => {});
      return Promise.race([functionOf.run(functionId, () => doors.inngest(request)), death]);
    },
  });
  const mail = createMailProvider({ clock: engine.clock });
  const images = createImagesProvider({
    clock: engine.clock,
    settings: { failureRate: 0, outage: null, hold: false, latencyMs: 0, requestsPerSecond: 0 },
  });

  const stripe = createStripeProvider({ clock: engine.clock, webhookSecret: STRIPE_SECRET });

  const ours: typeof fetch = async (input, init) => {
    const isStorage = addressOf(input).pathname.startsWith("/storage/");
    const isFirst = begins([...ALL_OF_OURS, ...(isStorage ? (["no storage"] as const) : [])]);
    if (away === undefined || !(isStorage ? [...ALL_OF_OURS, "no storage"] : ALL_OF_OURS).includes(away))
      return database.fetch(input, init);
    if (isFirst && away === "answer lost") await database.fetch(input, init);
    throw new TypeError("fetch failed");
  };
  const github = { stars: 0 };
  const wires: typeof fetch = async (input, init) => {
    const { host, pathname } = addressOf(input);
    if (host === "supabase.local") return ours(input, init);
    const request = asRequest(input, init);
    if (host === "mail.local") return mail.fetch(request);
    if (host === "slack.local") return mail.fetch(new Request("http://mail.local/slack", request));
    if (host === "stripe.local") return stripe.fetch(request);
    if (host === "images.local") return images.fetch(request);
    if (pathname.endsWith("/hooks")) return Response.json([]);
    if (host === "github.local")
      return Response.json({ stargazers_count: github.stars, forks_count: 0, open_issues_count: 0 });
    if (pathname.startsWith("/e/") && (begins(["no events taken"]) || away === "no events taken"))
      throw new TypeError("fetch failed");
    return engine.fetch(request);
  };
  const settings = testEnv(database, {
    IMAGES_BASE_URL: "http://images.local/images",
    IMAGES_SIZE: "32",
    GITHUB_WEBHOOK_SECRET: GITHUB_SECRET,
    GITHUB_REPOSITORIES: "ada/engine",
    URL: "https://app.example",
    SITEMAP_PATHS: "/",
    GITHUB_TOKEN: "github_token",
    GITHUB_BASE_URL: "http://github.local",
    STRIPE_WEBHOOK_SECRET: STRIPE_SECRET,
    SUPABASE_HOOK_SECRET: HOOK_SECRET,
    STRIPE_BASE_URL: "http://stripe.local",
    STRIPE_API_KEY: "sk_test_outage",
    SLACK_WEBHOOK_URL: "http://slack.local/hook",
    PLAN: "pro",
    MAIL_REQUESTS_PER_SECOND: "0",
    CHECKPOINTING: String(CHECKPOINTING),
  });
  /** The id of each webhook that a receiver got, as often as it got it. */
  const webhookIds: string[] = [];
  const safeFetch: SafeFetch = async (url, { headers = {} } = {}) => {
    webhookIds.push(headers["webhook-id"] ?? "");
    return {
      status: 200,
      headers: new Headers(),
      url,
      body: (async function* () {})(),
      discard: async () => {},
    };
  };
  app = createApp(settings, { fetch: wires, clock: engine.clock, safeFetch }, allFunctions);
  const running = app;
  const key = await createApiKey(database.project, { name: "test", role: "admin", owner: "operator" });

  return {
    engine,
    functions: running.functions,
    stripe,
    github,
    webhookIds,
    keepHouse: running.keepHouse,
    async call(method: string, path: string, body?: unknown) {
      const response = await running.doors.api(
        new Request(`http://site.local${path}`, {
          method,
          headers: {
            authorization: `Bearer ${key}`,
            "content-type": body instanceof Uint8Array ? "image/png" : "application/json",
          },
          ...(body === undefined
            ? {}
            : { body: body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body) }),
        }),
      );
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return text === "" ? {} : JSON.parse(text);
    },
    /** A signed call, by a provider's own request. */
    async receive(path: string, body: string, headers: Record<string, string>) {
      const url = `http://site.local/api/${path}`;
      const response = await running.doors.api(new Request(url, { method: "POST", body, headers }));
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    },
    /** Puts a file where an address of Storage allows it. */
    async store(url: string, method: string, text: string) {
      const stored = await database.fetch(url, { method, body: text });
      if (!stored.ok) throw new Error(`Storage: ${stored.status} ${await stored.text()}`);
    },
    rows: async (sql: string, ...values: unknown[]) => (await database.sql.query(sql, values)).rows,
    /** The record of the provider's stand-in: `messages`, `slack`. */
    record: async (path: string) =>
      (await mail.fetch(new Request(`http://mail.local/_control/${path}`))).json(),
    /** Keeps all runs waiting while `work` is done. */
    async beforeRuns(work: () => Promise<void>) {
      let release = () => {};
      untilReleased = new Promise((resolve) => (release = resolve));
      try {
        await work();
      } finally {
        release();
        untilReleased = undefined;
      }
    },
    /** The status that the image provider answers with instead of pictures, or null. */
    imagesAnswer: async (outage: number | null) =>
      images.fetch(
        new Request("http://images.local/_control/images", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ outage }),
        }),
      ),
    /** From now on calls are counted, and the outage begins with the one that the plan names. */
    arm(next: Plan) {
      plan = next;
      calls = 0;
      dies = () => {};
    },
    /** Whether it has begun. */
    isAway: () => away !== undefined,
    recover() {
      plan = away = undefined;
    },
    async close() {
      await engine.close();
      mail.close();
      images.close();
      stripe.close();
      await database.close();
    },
  };
}
