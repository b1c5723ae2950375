import { createApiKey } from "@nightshift/local/api-key.ts";
import { startEngine } from "@nightshift/local/engine/testkit.ts";
import { createMailProvider } from "@nightshift/local/providers/mail/provider.ts";
import type { InngestFunction } from "inngest";
import { type App, createApp } from "#app.ts";
import { catchFailures } from "#dead-letters/catch-failures.ts";
import { recordCancellations } from "#jobs/record-cancellations.ts";
import type { Platform } from "#platform.ts";
import { testEnv } from "./app.ts";
import { freshDatabase } from "./database.ts";

type Options = {
  checkpointing?: boolean;
  env?: Record<string, string>;
  /** What this app does, besides listening to the engine's news. */
  functions: (platform: Platform) => InngestFunction.Any[];
};

export type Workshop = Awaited<ReturnType<typeof workshop>>;

/** The platform with functions made for one test: real database, real engine with a virtual clock, Slack on paper. */
export async function workshop({ checkpointing = true, env = {}, functions }: Options) {
  const database = await freshDatabase();
  let app: App | undefined;
  const engine = await startEngine({
    checkpointing,
    app: (request) => app?.doors.inngest(request) ?? Promise.reject(new Error("no app yet")),
  });
  const mail = createMailProvider({ clock: engine.clock });
  /** Told to Slack, in order. */
  const slack: { text: string; attachments: { fields: { title: string; value: string }[] }[] }[] = [];
  const down = { database: false, storage: false, engine: false, slack: false };
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const { host, pathname } = new URL(request.url);
    const isDown =
      (host === "supabase.local" && (down.database || (down.storage && pathname.startsWith("/storage/")))) ||
      (host === "engine.local" && down.engine) ||
      (host === "slack.local" && down.slack);
    if (isDown) throw new TypeError("fetch failed");
    if (host === "engine.local") return engine.fetch(request);
    if (host === "mail.local") return mail.fetch(request);
    if (host !== "slack.local") return database.fetch(request);
    slack.push(JSON.parse(await request.text()));
    return new Response("ok");
  };
  const settings = testEnv(database, {
    SLACK_WEBHOOK_URL: "http://slack.local/hook",
    CHECKPOINTING: String(checkpointing),
    ...env,
  });
  app = createApp(settings, { fetch, clock: engine.clock }, (deps) => [
    ...functions(deps),
    catchFailures(deps),
    recordCancellations(deps),
  ]);
  const running = app;
  const key = await createApiKey(database.project, { name: "test", role: "admin", owner: "operator" });

  const request = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    running.doors.api(
      new Request(`http://site.local${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
        ...(body === undefined
          ? {}
          : { body: body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body) }),
      }),
    );

  return {
    database,
    engine,
    app: running,
    slack,
    mail,
    /** What does not answer right now. */
    down,
    /** A request to the API as an administrator. */
    request,
    async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
      const response = await request(method, path, body, headers);
      const text = await response.text();
      return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
    },
    /** Rows of the database, for what the API does not show. */
    rows: async (sql: string, values: unknown[] = []) => (await database.sql.query(sql, values)).rows,
    async close() {
      await engine.close();
      mail.close();
      await database.close();
    },
  };
}
