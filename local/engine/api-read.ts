import type { Hono } from "hono";
import { z } from "zod";
import type { Engine } from "./engine.ts";
import { listPage, runPage } from "./page.ts";
import { traceOf } from "./trace.ts";
import {
  anyRunOf,
  envelope,
  eventOf,
  eventView,
  isPublic,
  jobView,
  newestFirst,
  runOf,
  runView,
} from "./views.ts";

/** The routes that read: the server's own paths, and `/local/*` for what only this engine offers. */
export function addReading(api: Hono, engine: Engine): void {
  const answer = (data: unknown) => envelope(data, engine.clock.now());

  api.get("/v1/events", (context) => {
    const { limit, name, received_after: after, cursor } = eventsQuery.parse(context.req.query());
    const found = [...engine.history.events.values()]
      .filter(({ event }) => name === undefined || event.name === name)
      .filter(({ receivedAt }) => after === undefined || receivedAt > Date.parse(after))
      .filter(({ internalId }) => cursor === undefined || internalId < cursor)
      .toSorted(newestFirst);
    return context.json(answer(found.slice(0, limit).map(eventView)));
  });
  api.get("/v1/events/:id", (context) =>
    context.json(answer(eventView(eventOf(engine, context.req.param("id"))))),
  );
  api.get("/v1/events/:id/runs", (context) => {
    const { runIds } = eventOf(engine, context.req.param("id"));
    const runs = runIds.flatMap((id) => engine.history.runs.get(id) ?? []).filter(isPublic);
    return context.json(answer(runs.map(runView)));
  });
  api.get("/v1/runs/:id", (context) => context.json(answer(runView(runOf(engine, context.req.param("id"))))));
  api.get("/v1/runs/:id/jobs", (context) =>
    context.json(answer(jobView(runOf(engine, context.req.param("id"))))),
  );

  api.get("/api/v2/runs/:id/trace", (context) => {
    const isWithOutput = context.req.query("includeOutput") === "true";
    return context.json(answer(traceOf(runOf(engine, context.req.param("id")), isWithOutput)));
  });

  api.get("/local/runs", (context) => {
    const runs = [...engine.history.runs.values()].toReversed().slice(0, 200);
    return context.json(answer(runs.map(runView)));
  });
  api.get("/local/runs/:id", (context) => {
    const run = anyRunOf(engine, context.req.param("id"));
    return context.json(answer({ ...runView(run), history: run.history, steps: run.steps }));
  });
  api.get("/local/usage", (context) => context.json(engine.usage()));
  api.get("/health", (context) => context.json({ status: 200, message: "OK" }));

  api.get("/", (context) => context.html(listPage(engine, context.req.query("status"))));
  api.get("/run/:id", (context) => context.html(runPage(anyRunOf(engine, context.req.param("id")))));
}

const eventsQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  name: z.string().optional(),
  received_after: z.string().optional(),
  cursor: z.string().optional(),
});
