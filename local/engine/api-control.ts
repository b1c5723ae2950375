import type { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { z } from "zod";
import { conditionError, isTrue } from "./cel.ts";
import { hasEnded } from "./documents.ts";
import type { Engine } from "./engine.ts";
import { notModelled } from "./errors.ts";
import { cancellationBody } from "./protocol.ts";
import { envelope, isPublic, runOf } from "./views.ts";

/** The routes that control runs: cancel one or many, rerun one, invoke a function. */
export function addControl(api: Hono, engine: Engine): void {
  const now = () => engine.clock.now();

  api.delete("/v1/runs/:id", async (context) => {
    const run = runOf(engine, context.req.param("id"));
    if (hasEnded(run)) throw new HTTPException(409, { message: "run has already ended" });
    engine.cancel(run);
    await engine.journal.flush();
    return context.json({});
  });

  api.post("/v1/cancellations", async (context) => {
    const body = cancellationBody.parse(await context.req.json());
    const { from, until } = spanOf(body, now());
    // Inngest Cloud expects the function's own id; the Dev Server expects the app's id before the function's id.
    const fn =
      engine.registry.get(body.function_id) ?? engine.registry.get(`${body.app_id}-${body.function_id}`);
    if (!fn) throw new HTTPException(404, { message: "function not found" });
    const problem = body.if ? conditionError(body.if) : undefined;
    if (problem) throw new HTTPException(400, { message: `invalid expression: ${problem}` });
    const runs = [...engine.history.runs.values()].filter(
      (run) => !hasEnded(run) && run.functionId === fn.fn.id && run.queuedAt <= until && run.queuedAt >= from,
    );
    for (const run of runs) if (isTrue(body.if || undefined, run.events[0])) engine.cancel(run);
    await engine.journal.flush();
    return context.json(envelope({ id: engine.freshId(), ...body }, now()), 201);
  });

  const rerun = async (id: string): Promise<string> => {
    const runId = engine.rerun(runOf(engine, id));
    if (runId === undefined) throw new HTTPException(409, { message: "the function of this run is gone" });
    await engine.journal.flush();
    return runId;
  };
  api.post("/v1/runs/:id/rerun", async (context) =>
    context.json(envelope({ run_id: await rerun(context.req.param("id")) }, now())),
  );
  api.post("/api/v2/runs/:id/rerun", async (context) => {
    const { from_step: fromStep } = rerunBody.parse(JSON.parse((await context.req.text()) || "{}"));
    if (fromStep !== undefined)
      throw new HTTPException(501, { message: notModelled("A rerun from a step").message });
    const known = engine.history.runs.get(context.req.param("id"));
    if (!known || !isPublic(known))
      return context.json({ errors: [{ code: "not_found", message: "Run not found" }] }, 404);
    return context.json(envelope({ runId: await rerun(context.req.param("id")) }, now()));
  });

  api.post("/invoke/:slug", async (context) => {
    const { data } = invocation.parse(await context.req.json());
    const metadata = { fn_id: context.req.param("slug") };
    const id = engine.send({ name: "inngest/function.invoked", data: { ...data, _inngest: metadata } });
    await engine.journal.flush();
    return context.json({ id, status: 200 });
  });
}

const rerunBody = z.looseObject({ from_step: z.unknown().optional() });
const invocation = z.looseObject({ data: z.record(z.string(), z.unknown()).nullish() });

function spanOf(body: z.infer<typeof cancellationBody>, now: number): { from: number; until: number } {
  const until = Date.parse(body.started_before);
  const from = body.started_after ? Date.parse(body.started_after) : 0;
  const refuse = (message: string) => new HTTPException(400, { message });
  if (Number.isNaN(until) || Number.isNaN(from)) throw refuse("Invalid cancellation request");
  if (until > now + 5_000) throw refuse("started_before must be in the past");
  if (from > until) throw refuse("started_after must be before started_before");
  return { from, until };
}
