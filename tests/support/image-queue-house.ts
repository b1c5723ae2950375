import { createApiKey } from "@nightshift/local/api-key.ts";
import { startEngine, type TestEngine } from "@nightshift/local/engine/testkit.ts";
import { createImagesProvider } from "@nightshift/local/providers/images/provider.ts";
import type { Settings } from "@nightshift/local/providers/images/settings.ts";
import { type App, createApp } from "#app.ts";
import { allFunctions } from "#functions.ts";
import { testEnv } from "./app.ts";
import { CHECKPOINTING } from "./checkpointing.ts";
import { freshDatabase, type TestDatabase } from "./database.ts";
import { addressOf, asRequest } from "./request.ts";

type Options = {
  env?: Record<string, string>;
  images?: Partial<Settings>;
  /** Called before every call of a database function, with its name. */
  beforeCall?: (rpc: string) => Promise<void> | void;
};
const CALM = { failureRate: 0, outage: null, hold: false, latencyMs: 0, requestsPerSecond: 0 };

type As = "ann" | "bob" | "admin";

export type ImageQueueHouse = Awaited<ReturnType<typeof imageQueueHouse>>;

/** The whole product on the engine's virtual clock, with its own database and a provider that draws small pictures. */
export async function imageQueueHouse({ env = {}, images = {}, beforeCall }: Options = {}) {
  const db = await freshDatabase();
  let app: App | undefined;
  const handle = (request: Request) => app?.doors.inngest(request) ?? Promise.reject(new Error("no app yet"));
  const engine = await startEngine({ app: handle, checkpointing: CHECKPOINTING });
  const provider = createImagesProvider({ settings: { ...CALM, ...images }, clock: engine.clock });
  const fetch = connectHosts(db, engine, (request) => provider.fetch(request), beforeCall);
  let aheadMs = 0;
  const clock = { now: () => new Date(engine.clock.now().getTime() + aheadMs) };
  const settings = testEnv(db, {
    IMAGES_BASE_URL: "http://images.local/images",
    IMAGES_SIZE: "32",
    SLACK_WEBHOOK_URL: "http://slack.local/hook",
    PLAN: "pro",
    CHECKPOINTING: String(CHECKPOINTING),
    ...env,
  });
  app = createApp(settings, { fetch, clock }, allFunctions);
  const { doors, keepHouse } = app;
  const key = (role: "app" | "admin", owner: string) =>
    createApiKey(db.project, { name: owner, role, owner });
  const keys = {
    ann: await key("app", "ann"),
    bob: await key("app", "bob"),
    admin: await key("admin", "op"),
  };

  const fetchAs = (
    as: As | "nobody",
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) =>
    doors.api(
      new Request(`http://site.local${path}`, {
        method,
        headers: {
          ...(as === "nobody" ? {} : { authorization: `Bearer ${keys[as]}` }),
          "content-type": "application/json",
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
  const call = async (method: string, path: string, body?: unknown, as: As = "ann") => {
    const response = await fetchAs(as, method, path, body);
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === "" ? {} : JSON.parse(text) };
  };
  const control = async (path = "", body?: unknown) => {
    const headers = { "content-type": "application/json" };
    const init = body === undefined ? {} : { method: "POST", headers, body: JSON.stringify(body) };
    return (await provider.fetch(new Request(`http://images.local/_control/images${path}`, init))).json();
  };
  return {
    db,
    engine,
    call,
    fetchAs,
    keepHouse,
    /** Changes the provider's settings: `control("", { hold: true })`, `control("/release", { count: 1 })`. */
    control,
    /** Moves the app's clock ahead of the engine's, whose timers do not change. */
    tick: (ms: number) => {
      aheadMs += ms;
    },
    /**
     * Called between tests: no work is in progress any more, and the provider has its default settings and an empty
     * record.
     */
    async calm() {
      await control("", CALM);
      for (const lane of ["tasks", "demo"]) await call("POST", "/api/clear-queue", { lane }, "admin");
      await engine.idle();
      await control("/forget", {});
      await db.sql.query(
        "update dead_letter_queue set status = 'ignored', note = 'of another test', handled_by = 'test', handled_at = now() where status = 'failed'",
      );
    },
    /** Requests a picture; returns its id. */
    submit: async (prompt = "a boat", more: Record<string, unknown> = {}, as: As = "ann") => {
      const { status, body } = await call("POST", "/api/tasks", { prompt, ...more }, as);
      if (status !== 202) throw new Error(`${status} ${body.detail}`);
      return String(body.id);
    },
    task: async (id: string) => (await call("GET", `/api/tasks/${id}`, undefined, "admin")).body,
    /** Rows of the database, for facts that the API does not show. */
    rows: async (sql: string, ...values: unknown[]) => (await db.sql.query(sql, values)).rows,
    async close() {
      await control("", { hold: false });
      await engine.close();
      provider.close();
      await db.close();
    },
  };
}

function connectHosts(
  db: TestDatabase,
  engine: TestEngine,
  images: (request: Request) => Promise<Response>,
  beforeCall: Options["beforeCall"],
): typeof fetch {
  return async (input, init) => {
    const { hostname, pathname } = addressOf(input);
    if (hostname === "engine.local") return engine.fetch(input, init);
    if (hostname === "images.local") return images(asRequest(input, init));
    if (hostname === "slack.local") return new Response("ok");
    const [, rpc] = /\/rpc\/(\w+)$/.exec(pathname) ?? [];
    if (rpc !== undefined) await beforeCall?.(rpc);
    return db.fetch(input, init);
  };
}
