import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { z } from "zod";
import { isTrue } from "./cel.ts";
import { hasEnded } from "./documents.ts";
import type { Engine } from "./engine.ts";
import { notModelled } from "./errors.ts";
import { EventsRefused, internalIdOf, readEvents } from "./events.ts";
import { page } from "./page.ts";
import { cancellationBody, checkpointBody, registration } from "./protocol.ts";
import { bearerOf, isSame } from "./signature.ts";
import { isUlid, ulid } from "./ulid.ts";
import { RegistrationRefused } from "./validate.ts";
import { envelope, eventView, jobView, runView } from "./views.ts";

/** The engine over HTTP: what the SDK calls, what people read and control, and one page. */
export type ApiOptions = { signingKey?: string | undefined; eventKeys?: string[] | undefined };

export function createApi(engine: Engine, { signingKey, eventKeys }: ApiOptions = {}) {
  const api = new Hono();
  const now = () => engine.clock.now();

  api.use(async (context, next) => {
    const done = engine.activity.begin();
    try {
      await next();
      context.header("x-inngest-server-kind", signingKey === undefined ? "dev" : "cloud");
    } finally {
      done();
    }
  });
  for (const path of ["/v0/*", "/v1/*", "/fn/*"])
    api.use(path, async (context, next) => {
      const [, bearer = ""] = /^Bearer (.*)$/.exec(context.req.header("authorization") ?? "") ?? [];
      if (signingKey !== undefined && !isSame(bearer, bearerOf(signingKey)))
        return context.json({ error: "Unauthorized", status: 401 }, 401);
      return next();
    });
  api.onError((error, context) => {
    if (error instanceof HTTPException)
      return context.json({ error: error.message, status: error.status }, error.status);
    if (error instanceof z.ZodError || error instanceof SyntaxError)
      return context.json({ error: error.message, status: 400 }, 400);
    return context.json({ error: `The engine failed: ${error.message}`, status: 500 }, 500);
  });
  api.notFound((context) =>
    context.json({ error: `${context.req.path} is not modelled by the local engine`, status: 404 }, 404),
  );

  // --- what the SDK calls ---

  api.post("/e/:key", async (context) => {
    if (eventKeys && !eventKeys.includes(context.req.param("key")))
      return context.json({ error: "Event key not found", status: 401 }, 401);
    try {
      const events = readEvents(await context.req.json());
      const seed = context.req.header("x-inngest-event-id-seed");
      const ids = events.map((event, index) =>
        engine.send(
          event,
          internalIdOf(seed, index, () => engine.freshId()),
        ),
      );
      await engine.journal.flush();
      return context.json({ ids, status: 200 });
    } catch (error) {
      if (!(error instanceof EventsRefused)) throw error;
      return context.json({ ids: [], error: error.message, status: 400 }, 400);
    }
  });

  api.post("/fn/register", async (context) => {
    const body = registration.parse(await context.req.json());
    try {
      const modified = engine.register(body.appName, body.url, body.functions);
      await engine.journal.flush();
      return context.json({ ok: true, modified, status: 200 });
    } catch (error) {
      if (!(error instanceof RegistrationRefused)) throw error;
      return context.json({ ok: false, error: error.message, status: 400 }, 400);
    }
  });

  api.post("/v1/checkpoint/:runId/async", async (context) => {
    const body = checkpointBody.parse(await context.req.json());
    const refused = body.steps.find(({ op }) => op !== "StepRun" && op !== "StepPlanned");
    if (refused) return context.json({ error: `cannot checkpoint opcode: ${refused.op}`, status: 400 }, 400);
    const generation = body.generation_id ?? undefined;
    const isCurrent = engine.checkpoint(context.req.param("runId"), body.qi_id, generation, body.steps);
    if (!isCurrent) return context.json({ error: "stale dispatch", status: 409 }, 409);
    await engine.journal.flush();
    return context.json({});
  });

  api.get("/v0/runs/:runId/actions", (context) => context.json(runOf(context.req.param("runId")).steps));
  api.get("/v0/runs/:runId/batch", (context) => context.json(runOf(context.req.param("runId")).events));

  // --- what people and tools read ---

  const runOf = (id: string) => {
    const run = engine.history.runs.get(id);
    if (!run) throw new HTTPException(404, { message: "run not found" });
    return run;
  };
  const eventOf = (id: string) => {
    // The sender's own id finds nothing on the real server either.
    if (!isUlid(id))
      throw new HTTPException(400, { message: "Invalid event ID: use the id that send() returned" });
    const event = engine.history.events.get(id);
    if (!event) throw new HTTPException(404, { message: "Event not found" });
    return event;
  };

  api.get("/v1/events", (context) => {
    const { limit, name, received_after: after, cursor } = eventsQuery.parse(context.req.query());
    const found = [...engine.history.events.values()]
      .reverse()
      .filter(({ event }) => name === undefined || event.name === name)
      .filter(({ receivedAt }) => after === undefined || receivedAt > Date.parse(after))
      .filter(({ internalId }) => cursor === undefined || internalId < cursor);
    return context.json(envelope(found.slice(0, limit).map(eventView), now()));
  });
  api.get("/v1/events/:id", (context) =>
    context.json(envelope(eventView(eventOf(context.req.param("id"))), now())),
  );
  api.get("/v1/events/:id/runs", (context) => {
    const runs = eventOf(context.req.param("id")).runIds.flatMap((id) => engine.history.runs.get(id) ?? []);
    return context.json(envelope(runs.map(runView), now()));
  });
  api.get("/v1/runs/:id", (context) =>
    context.json(envelope(runView(runOf(context.req.param("id"))), now())),
  );
  api.get("/v1/runs/:id/jobs", (context) =>
    context.json(envelope(jobView(runOf(context.req.param("id"))), now())),
  );
  api.get("/local/runs", (context) =>
    context.json(envelope([...engine.history.runs.values()].reverse().slice(0, 200).map(runView), now())),
  );
  api.get("/local/runs/:id", (context) => {
    const run = runOf(context.req.param("id"));
    return context.json(envelope({ ...runView(run), history: run.history, steps: run.steps }, now()));
  });
  api.get("/local/usage", (context) => context.json(engine.usage()));
  api.get("/health", (context) => context.json({ status: 200, message: "OK" }));
  api.get("/", (context) => context.html(page(engine)));

  // --- what they control ---

  api.delete("/v1/runs/:id", async (context) => {
    engine.cancel(runOf(context.req.param("id")));
    await engine.journal.flush();
    return context.json({});
  });

  api.post("/v1/cancellations", async (context) => {
    const body = cancellationBody.parse(await context.req.json());
    const before = Date.parse(body.started_before);
    const after = body.started_after ? Date.parse(body.started_after) : Number.NEGATIVE_INFINITY;
    if (Number.isNaN(before) || Number.isNaN(after) || before > now())
      throw new HTTPException(400, { message: "started_before must be a time in the past" });
    const functionId = `${body.app_id}-${body.function_id}`;
    for (const run of [...engine.history.runs.values()]) {
      if (hasEnded(run) || run.functionId !== functionId) continue;
      if (run.queuedAt > before || run.queuedAt < after) continue;
      if (isTrue(body.if ?? undefined, { event: run.events[0] })) engine.cancel(run);
    }
    await engine.journal.flush();
    return context.json(envelope({ id: ulid(now(), Math.random), ...body }, now()), 201);
  });

  const rerun = async (id: string) => {
    const runId = engine.rerun(runOf(id));
    if (runId === undefined) throw new HTTPException(409, { message: "the function of this run is gone" });
    await engine.journal.flush();
    return runId;
  };
  api.post("/v1/runs/:id/rerun", async (context) =>
    context.json(envelope({ run_id: await rerun(context.req.param("id")) }, now())),
  );
  api.post("/api/v2/runs/:id/rerun", async (context) =>
    context.json(envelope({ runId: await rerun(context.req.param("id")) }, now())),
  );

  api.post("/invoke/:slug", async (context) => {
    const body = z
      .looseObject({ data: z.record(z.string(), z.unknown()).nullish() })
      .parse(await context.req.json());
    const data = { ...body.data, _inngest: { fn_id: context.req.param("slug") } };
    const id = engine.send({ name: "inngest/function.invoked", data });
    await engine.journal.flush();
    return context.json({ id, status: 200 });
  });

  for (const [path, what] of Object.entries(refusedPaths))
    api.all(path, (context) => context.json({ error: notModelled(what).message, status: 501 }, 501));

  return api;
}

const eventsQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  name: z.string().optional(),
  received_after: z.string().optional(),
  cursor: z.string().optional(),
});

const refusedPaths = {
  "/v1/signals": "Sending signals",
  "/v1/realtime/*": "Realtime",
  "/v1/checkpoint/*": "Synchronous checkpointing (durable endpoints)",
  "/v0/connect/*": "Connect",
  "/v0/gql": "The dashboard's GraphQL",
};
