import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { z } from "zod";
import { addControl } from "./api-control.ts";
import { addReading } from "./api-read.ts";
import { addSdk } from "./api-sdk.ts";
import type { Engine } from "./engine.ts";
import { notModelled } from "./errors.ts";
import { bearerOf, isSame } from "./signature.ts";

/** The engine over HTTP: routes for the SDK, routes that read and control, and one page. */
export type ApiOptions = { signingKey?: string | undefined; eventKeys?: string[] | undefined };

export function createApi(engine: Engine, { signingKey, eventKeys }: ApiOptions = {}): Hono {
  const api = new Hono();
  const kind = signingKey === undefined ? "dev" : "cloud";

  api.use(async (context, next) => {
    await engine.activity.track(next);
    context.header("x-inngest-server-kind", kind);
  });
  // Browsers name the origin of the page that sends a request. No page of another origin may send events or turn the
  // clock. The real Dev Server accepts such requests.
  api.use(async ({ req, json }, next) => {
    const origin = req.header("origin");
    if (origin === undefined || origin === new URL(req.url).origin || ["GET", "HEAD"].includes(req.method))
      return next();
    return json({ error: `Pages of ${origin} may not call the engine`, status: 403 }, 403);
  });
  if (signingKey !== undefined)
    for (const path of ["/v0/*", "/v1/*", "/api/*", "/fn/*"])
      api.use(path, async (context, next) => {
        const [, bearer = ""] = /^Bearer (.*)$/.exec(context.req.header("authorization") ?? "") ?? [];
        if (isSame(bearer, bearerOf(signingKey)) || isSame(bearer, signingKey)) return next();
        return context.json({ error: "Unauthorized", data: null, status: 401 }, 401);
      });

  addSdk(api, engine, eventKeys);
  addReading(api, engine);
  addControl(api, engine);

  /**
   * The SDK calls this route when a step publishes a message. Publishing is not modeled here, so the run ends at once,
   * without further tries.
   */
  api.all("/v1/realtime/*", async (context) => {
    const error = notModelled("Realtime");
    const run = engine.history.runs.get(context.req.query("run_id") ?? "");
    if (run) engine.fail(run, error);
    await engine.journal.flush();
    return context.json({ error: error.message, data: null, status: 501 }, 501);
  });
  for (const [path, what] of Object.entries(refused))
    api.all(path, (context) =>
      context.json({ error: notModelled(what).message, data: null, status: 501 }, 501),
    );
  api.notFound((context) => {
    const error = `${context.req.method} ${context.req.path} is not modelled by the local engine`;
    return context.json({ error, data: null, status: 404 }, 404);
  });
  api.onError((error, context) => {
    const status = error instanceof HTTPException ? error.status : isMalformed(error) ? 400 : 500;
    return context.json({ error: error.message, data: null, status }, status);
  });
  return api;
}

const isMalformed = (error: Error): boolean => error instanceof z.ZodError || error instanceof SyntaxError;

const refused = {
  "/v1/signals": "Sending signals",
  "/v1/checkpoint/*": "Synchronous checkpointing (durable endpoints)",
  "/v0/connect/*": "Connect",
  "/v0/gql": "The dashboard's GraphQL",
};
