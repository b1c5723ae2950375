import { createApiKey } from "@nightshift/local/api-key.ts";
import { startEngine, type TestEngine } from "@nightshift/local/engine/testkit.ts";
import { createMailProvider, type MailProvider } from "@nightshift/local/providers/mail/provider.ts";
import type { Settings } from "@nightshift/local/providers/mail/settings.ts";
import { z } from "zod";
import { type App, createApp } from "#app.ts";
import { allFunctions } from "#functions.ts";
import { readEnv } from "#lib/env.ts";
import { BROADCAST_ENV } from "./broadcast.ts";
import { CHECKPOINTING } from "./checkpointing.ts";
import { freshDatabase, type TestDatabase } from "./database.ts";
import { addressOf, asRequest } from "./request.ts";

export type CampaignHouse = Awaited<ReturnType<typeof campaignHouse>>;

/** Tests send at production's default pace, and with `MAIL_PACE=off` without a limit of ours, in larger groups. */
const PACE = process.env["MAIL_PACE"] === "off" ? { MAIL_REQUESTS_PER_SECOND: "0" } : {};

/** The second batch is taken after the first is settled. Without a pace, all batches of a small campaign are taken at once. */
export const ONE_BATCH_AT_A_TIME = { MAIL_MAX_IN_FLIGHT: "1", MAIL_REQUESTS_PER_SECOND: "4.5" };

type Options = {
  env?: Record<string, string>;
  mail?: Partial<Settings>;
  checkpointing?: boolean;
  /** Called before every request to the provider. */
  beforeMail?: (request: Request) => Promise<void> | void;
  /** Answers requests for mails in the provider's place. */
  answerMail?: (request: Request) => Promise<Response>;
  /** Called for every request to the database, which `ask` sends. */
  answerDatabase?: (request: Request, ask: () => Promise<Response>) => Promise<Response>;
};

/** The whole product in one process, on the engine's virtual clock: database, doors, functions and a mail provider. */
export async function campaignHouse({
  env = {},
  mail = {},
  checkpointing = CHECKPOINTING,
  beforeMail,
  answerMail,
  answerDatabase,
}: Options = {}) {
  const db = await freshDatabase();
  let app: App | undefined;
  let callsInFlight = 0;
  const handle = async (request: Request) => {
    if (app === undefined) throw new Error("no app yet");
    callsInFlight += 1;
    return app.doors.inngest(request).finally(() => (callsInFlight -= 1));
  };
  const engine = await startEngine({ app: handle, checkpointing });
  const provider = createMailProvider({ settings: mail, clock: engine.clock });
  const down = { database: false };
  const fetch = connectHosts(db, engine, provider, { down, beforeMail, answerMail, answerDatabase });
  const settings = readEnv({
    ...db.env,
    INNGEST_DEV: engine.url,
    RESEND_BASE_URL: "http://mail.local",
    RESEND_API_KEY: "re_test",
    ...BROADCAST_ENV,
    SLACK_WEBHOOK_URL: "http://mail.local/slack",
    PLAN: "pro",
    LOG_LEVEL: "silent",
    ...PACE,
    CHECKPOINTING: String(checkpointing),
    ...env,
  });
  app = createApp(settings, { fetch, clock: engine.clock }, allFunctions);
  const keys = {
    app: await createApiKey(db.project, { name: "app", role: "app", owner: "alice" }),
    other: await createApiKey(db.project, { name: "other", role: "app", owner: "bob" }),
    admin: await createApiKey(db.project, { name: "admin", role: "admin", owner: "root" }),
  };
  const { doors } = app;

  /** Sends a request to the API and returns its answer. */
  const call = async (method: string, path: string, body?: unknown, options: CallOptions = {}) => {
    const { as = "app", type = "application/json", headers = {} } = options;
    const response = await doors.api(
      new Request(`http://site.local${path}`, {
        method,
        headers: {
          ...(as === "nobody" ? {} : { authorization: `Bearer ${keys[as]}` }),
          ...(body === undefined ? {} : { "content-type": type }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      }),
    );
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === "" ? {} : JSON.parse(text) };
  };
  const control = async (path: string, body?: unknown) => {
    const headers = { "content-type": "application/json" };
    const init = body === undefined ? {} : { method: "POST", headers, body: JSON.stringify(body) };
    const response = await provider.fetch(new Request(`http://mail.local/_control/${path}`, init));
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return stats.parse(await response.json());
  };

  return {
    db,
    engine,
    provider,
    app,
    /** How many calls of the engine the app is working on, including those of an engine that was killed meanwhile. */
    callsInFlight: () => callsInFlight,
    /** The services that do not answer at the moment. */
    down,
    call,
    /** Changes the provider's settings, or reads its record. */
    control,
    /** Makes a list of `count` subscribers and a campaign to it; returns both ids. */
    async draft(count: number, content: Record<string, unknown> = {}) {
      const list = await call("POST", "/api/lists", { name: "People" });
      const people = Array.from({ length: count }, (_, n) => ({
        email: `p${n + 1}@example.com`,
        name: `Person ${n + 1}`,
      }));
      await call("POST", `/api/lists/${list.body.id}/subscribers`, people);
      const campaign = await call("POST", "/api/campaigns", {
        listId: list.body.id,
        subject: "News for {{name|you}}",
        html: "<p>Hello {{name|friend}}</p>",
        from: "Ada <ada@example.com>",
        ...content,
      });
      return { listId: String(list.body.id), campaignId: String(campaign.body.id) };
    },
    async close() {
      await engine.close();
      provider.close();
      await db.close();
    },
  };
}

type CallOptions = {
  as?: "app" | "other" | "admin" | "nobody";
  type?: string;
  headers?: Record<string, string>;
};

const stats = z
  .object({
    requests: z.number(),
    accepted: z.number(),
    duplicates: z.number(),
    maxInFlight: z.number(),
    byStatus: z.record(z.string(), z.number()),
  })
  .partial()
  .loose();

/** Connects all hosts of the house without a port. */
function connectHosts(
  db: TestDatabase,
  engine: TestEngine,
  provider: MailProvider,
  {
    down,
    beforeMail,
    answerMail,
    answerDatabase,
  }: {
    down: { database: boolean };
    beforeMail: Options["beforeMail"];
    answerMail: Options["answerMail"];
    answerDatabase: Options["answerDatabase"];
  },
): typeof fetch {
  return async (input, init) => {
    const { hostname } = addressOf(input);
    if (hostname === "engine.local") return engine.fetch(input, init);
    if (hostname !== "mail.local" && down.database) throw new TypeError("fetch failed");
    if (hostname !== "mail.local" && answerDatabase === undefined) return db.fetch(input, init);
    const request = asRequest(input, init);
    if (answerDatabase && hostname !== "mail.local") return answerDatabase(request, () => db.fetch(request));
    await beforeMail?.(request);
    if (answerMail && request.url.endsWith("/emails/batch")) return answerMail(request);
    return provider.fetch(request);
  };
}

/** The calls that most tests make; `houseOf` returns the house of the current test. */
export function campaignTalk(houseOf: () => CampaignHouse) {
  const campaign = async (id: string) => (await houseOf().call("GET", `/api/campaigns/${id}`)).body;
  const letters = async () =>
    (await houseOf().call("GET", "/api/dead-letters?status=failed", undefined, { as: "admin" })).body.items;
  return {
    campaign,
    letters,
    send: async (id: string) => (await houseOf().call("POST", `/api/campaigns/${id}/send`)).body,
    completed: (id: string) =>
      houseOf().engine.waitFor(async () => (await campaign(id)).status === "completed", { within: "3d" }),
    firstLetter: () => houseOf().engine.waitFor(async () => (await letters()).length > 0, { within: "3d" }),
  };
}
