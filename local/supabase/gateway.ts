import { createAuth } from "./auth/auth.ts";
import { createTokens } from "./auth/tokens.ts";
import { type Database, openDatabase } from "./database.ts";
import { type Answer, type Ask, BodyTooLarge, type Handler, json, NotModeled, notModeled } from "./http.ts";
import { createIdentify, serviceIdentity, Unidentified, withKeyInHeader } from "./identity.ts";
import type { Keys } from "./keys.ts";
import { listenForReload } from "./listener.ts";
import { type Catalog, createCatalogCache } from "./rest/catalog.ts";
import { createRest } from "./rest/rest.ts";
import { createStorage } from "./storage/storage.ts";
import { answerToResponse, askFromFetch } from "./web.ts";

export type GatewayOptions = {
  databaseUrl: string;
  keys: Keys;
  /** The folder in which Storage keeps bytes. */
  storageDir: string;
  /** The gateway's public URL. Tokens name it as their issuer, and signed links begin with it. */
  publicUrl?: string;
  /** How many database connections requests may use at once. */
  connections?: number;
  /** A schema that does not change. By default the gateway reads the schema, and reads it again after a migration. */
  catalog?: Catalog;
};

export type Gateway = {
  handle: Handler;
  /** Handles requests of callers in the same process, such as tests. */
  fetch: typeof fetch;
  close(): Promise<void>;
};

/**
 * Answers the unmodified supabase-js like a hosted project, for everything that the product uses. Refuses all other
 * requests with an error that names the reason.
 */
export const createGateway = async (options: GatewayOptions): Promise<Gateway> => {
  const { databaseUrl, keys, publicUrl = "http://localhost:54321" } = options;
  const database = openDatabase(databaseUrl, serviceIdentity.claims, options.connections);
  const catalog = createCatalogCache(database.own, options.catalog);
  const listener = options.catalog ? undefined : listenForReload(databaseUrl, () => catalog.forget());
  const tokens = await createTokens(keys, `${publicUrl}/auth/v1`);
  const identify = createIdentify(keys, tokens);
  const rest = createRest(database, catalog);
  const auth = createAuth(database, tokens, identify);
  const storage = createStorage(database, keys, options.storageDir, identify);

  const route = async (ask: Ask): Promise<Answer> => {
    if (ask.method === "OPTIONS") return { status: 200, headers: preflight };
    if (ask.path.startsWith("/rest/v1/")) return rest(ask, identify);
    if (ask.path.startsWith("/storage/v1/")) return storage(ask);
    if (ask.path.startsWith("/auth/v1/")) return auth(ask);
    if (ask.path === "/health") return health(database);
    return notModeled(`${ask.method} ${ask.path}`);
  };

  const handle: Handler = async (ask) => {
    const answer = await route(withKeyInHeader(ask)).catch(answerFailure);
    return { ...answer, headers: { ...openToBrowsers, ...answer.headers } };
  };

  return {
    handle,
    fetch: async (input, init) => answerToResponse(await handle(askFromFetch(input, init))),
    close: async () => {
      await listener?.close();
      await database.close();
    },
  };
};

const openToBrowsers = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "content-range, x-total-count, link, etag",
};

const preflight = {
  "access-control-allow-methods": "GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS",
  "access-control-allow-headers":
    "authorization, x-client-info, apikey, content-type, accept, prefer, range, x-upsert, accept-profile, content-profile",
  "access-control-max-age": "3600",
};

const answerFailure = (error: unknown): Answer => {
  if (error instanceof Unidentified) return error.answer;
  if (error instanceof NotModeled) return notModeled(error.message);
  if (error instanceof URIError)
    return json(400, { message: "The path is not properly encoded.", code: "400" });
  if (error instanceof BodyTooLarge) return json(413, { message: "Request body too large", code: "413" });
  const message = error instanceof Error ? error.message : String(error);
  return json(500, {
    code: "XX000",
    details: null,
    hint: null,
    message: `The local Supabase failed: ${message}`,
  });
};

const health = async ({ own }: Database): Promise<Answer> => {
  try {
    await own.query("select 1");
    return json(200, { status: "ok" });
  } catch (error) {
    return json(503, {
      status: "unavailable",
      message: error instanceof Error ? error.message : "no database",
    });
  }
};
