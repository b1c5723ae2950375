import type { Hono } from "hono";
import type { Engine } from "./engine.ts";
import { internalIdOf, readEvents } from "./events.ts";
import { checkpointBody, registration } from "./protocol.ts";
import { RegistrationRefused } from "./validate.ts";
import { runOf } from "./views.ts";

/** The routes that the SDK calls. An answer is sent only when all changes that the answer confirms are committed. */
export function addSdk(api: Hono, engine: Engine, eventKeys: string[] | undefined): void {
  api.post("/e/:key", async (context) => {
    if (eventKeys && !eventKeys.includes(context.req.param("key")))
      return context.json({ error: "Event key not found", status: 401 }, 401);
    const { events, refusal: error } = readEvents(await context.req.text());
    const seed = context.req.header("x-inngest-event-id-seed");
    const ids = events.map((event, index) =>
      engine.send(
        event,
        internalIdOf(seed, index, () => engine.freshId()),
      ),
    );
    await engine.journal.flush();
    if (ids.some((id) => !engine.history.events.has(id)))
      return context.json({ error: "an event could not be stored", status: 500 }, 500);
    if (ids.length === 0) ids.push("");
    if (error !== undefined) return context.json({ ids, error, status: 400 }, 400);
    return context.json({ ids, status: 200 });
  });

  api.post("/fn/register", async (context) => {
    const body = registration.parse(await context.req.json());
    try {
      const modified = engine.apps.register(body.appName, body.url, body.functions, body.sdk);
      await engine.journal.flush();
      return context.json({ ok: true, modified, status: 200 });
    } catch (error) {
      if (!(error instanceof RegistrationRefused)) throw error;
      return context.json({ ok: false, error: error.message, status: 400 }, 400);
    }
  });

  api.post("/v1/checkpoint/:runId/async", async (context) => {
    const text = await context.req.text();
    const body = checkpointBody.parse(JSON.parse(text));
    const strange = body.steps.find(({ op }) => op !== "StepRun" && op !== "StepPlanned");
    if (strange) return context.json({ error: `cannot checkpoint opcode: ${strange.op}`, status: 400 }, 400);
    const generation = body.generation_id ?? undefined;
    const isCurrent = engine.calls.checkpoint(
      context.req.param("runId"),
      body.qi_id,
      generation,
      body.steps,
      text,
    );
    await engine.journal.flush();
    // 409 stops the SDK: another dispatch has taken the run over, or the run has ended.
    return isCurrent ? context.json({}) : context.json({ error: "stale dispatch", status: 409 }, 409);
  });

  /** Here the SDK fetches a state that was too large to send with the call. */
  api.get("/v0/runs/:runId/actions", (context) =>
    context.json(runOf(engine, context.req.param("runId")).steps),
  );
  api.get("/v0/runs/:runId/batch", (context) =>
    context.json(runOf(engine, context.req.param("runId")).events),
  );
}
