import { createApiKey } from "@nightshift/local/api-key.ts";
import { startEngine } from "@nightshift/local/engine/testkit.ts";
import { createMailProvider } from "@nightshift/local/providers/mail/provider.ts";
import type { InngestFunction } from "inngest";
import { z } from "zod";
import { type App, createApp } from "#app.ts";
import { catchFailures } from "#dead-letters/catch-failures.ts";
import { recordCancellations } from "#dead-letters/record-cancellations.ts";
import type { SafeFetch } from "#lib/outside/safe-fetch.ts";
import type { Platform } from "#platform.ts";
import { testEnv } from "./app.ts";
import { CHECKPOINTING } from "./checkpointing.ts";
import { freshDatabase } from "./database.ts";
import { addressOf, asRequest } from "./request.ts";

type Options = {
  checkpointing?: boolean;
  /** The time at which the virtual clock begins, instead of the present. */
  start?: Date;
  env?: Record<string, string>;
  /** Answer for these hosts, instead of ours or besides them. */
  hosts?: Record<string, (request: Request) => Promise<Response>>;
  /** Stands behind every call to the database, after it has had its effect; the caller waits for it. */
  afterDatabase?: (path: string) => void | Promise<void>;
  /** Receives the lines of the log, which is silent otherwise. */
  log?: (line: string) => void;
  /** Stands for the addresses that users and operators name. */
  safeFetch?: SafeFetch;
  /** A mail provider that another workshop uses too. */
  mail?: ReturnType<typeof createMailProvider>;
  /** The functions of this app, in addition to those that receive the engine's own events. */
  functions: (platform: Platform) => InngestFunction.Any[];
};

export type Workshop = Awaited<ReturnType<typeof workshop>>;

/**
 * The platform with functions made for one test: real database, real engine with a virtual clock, stand-ins for mail
 * and Slack.
 */
export async function workshop({
  checkpointing = CHECKPOINTING,
  start,
  env = {},
  hosts = {},
  afterDatabase,
  log,
  safeFetch,
  mail: shared,
  functions,
}: Options) {
  const database = await freshDatabase();
  let app: App | undefined;
  let withOtherKey: App | undefined;
  const down = {
    functions: false,
    signature: false,
    database: false,
    storage: false,
    engine: false,
    slack: false,
  };
  const engine = await startEngine({
    checkpointing,
    ...(start && { start }),
    app: (request) =>
      down.functions || app === undefined
        ? Promise.reject(new TypeError("fetch failed: the app does not answer"))
        : (down.signature ? (withOtherKey ??= otherKey()) : app).doors.inngest(request),
  });
  const mail = shared ?? createMailProvider({ clock: engine.clock });
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const { host, pathname } = addressOf(input);
    const isDown =
      (host === "supabase.local" && (down.database || (down.storage && pathname.startsWith("/storage/")))) ||
      (host === "engine.local" && down.engine) ||
      (host === "slack.local" && down.slack);
    if (isDown) throw new TypeError("fetch failed");
    const own = hosts[host];
    if (own === undefined && host === "supabase.local") {
      const response = await database.fetch(input, init);
      await afterDatabase?.(pathname);
      return response;
    }
    const request = asRequest(input, init);
    if (own) return own(request);
    if (host === "engine.local") return engine.fetch(request);
    if (host === "mail.local") return mail.fetch(request);
    if (host === "slack.local") return mail.fetch(new Request("http://mail.local/slack", request));
    throw new TypeError(`No network in tests: ${request.url}`);
  };
  const settings = testEnv(database, {
    SLACK_WEBHOOK_URL: "http://slack.local/hook",
    CHECKPOINTING: String(checkpointing),
    ...(log && { LOG_LEVEL: "info" }),
    ...env,
  });
  const outside = {
    fetch,
    clock: engine.clock,
    ...(log && { log: { write: log } }),
    ...(safeFetch && { safeFetch }),
  };
  const everyFunction = (deps: Platform) => [
    ...functions(deps),
    catchFailures(deps),
    recordCancellations(deps),
  ];
  app = createApp(settings, outside, everyFunction);
  /** The same app, to which the engine's requests are not signed. */
  const otherKey = () =>
    createApp(
      {
        ...settings,
        INNGEST_DEV: undefined,
        INNGEST_BASE_URL: engine.url,
        INNGEST_SIGNING_KEY: "signkey-prod-00ff",
      },
      outside,
      everyFunction,
    );
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
    /** The messages that Slack's stand-in got, in order. */
    async slack() {
      const told = await mail.fetch(new Request("http://mail.local/_control/slack"));
      return slackRecord.parse(await told.json()).messages.map(({ message }) => message);
    },
    mail,
    /** The services that do not answer at the moment. */
    down,
    /** Sends a request to the API as an administrator. */
    request,
    async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
      const response = await request(method, path, body, headers);
      const text = await response.text();
      return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
    },
    /** Rows of the database, for facts that the API does not show. */
    rows: async (sql: string, values: unknown[] = []) => (await database.sql.query(sql, values)).rows,
    async close() {
      await engine.close();
      if (shared === undefined) mail.close();
      await database.close();
    },
  };
}

const slackMessage = z.object({
  channel: z.string(),
  text: z.string(),
  attachments: z.array(z.object({ fields: z.array(z.object({ title: z.string(), value: z.string() })) })),
});
const slackRecord = z.object({ messages: z.array(z.object({ message: slackMessage })) });
