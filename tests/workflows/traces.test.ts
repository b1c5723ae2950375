import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { AppError } from "#lib/errors.ts";
import type { Platform } from "#platform.ts";
import { sentryServer } from "../support/sentry.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

let sentry: Awaited<ReturnType<typeof sentryServer>>;
let shop: Workshop;
beforeEach(async () => {
  sentry = await sentryServer();
});
afterEach(async () => {
  await shop.close();
  sentry.close();
});

const functions = ({ inngest, onFailure }: Platform) => [
  inngest.createFunction(
    { id: "walk", triggers: [{ event: "test/walk" }], retries: 0, onFailure },
    async ({ event, step }) => {
      await step.run("first", () => "ada@example.com");
      await step.sleep("rest", "1h");
      await step.run("second", () => {
        if (event.data["falls"]) throw new AppError("provider_rejected", "it fell");
        return true;
      });
      return true;
    },
  ),
];

const trace = z.object({
  trace_id: z.string(),
  span_id: z.string(),
  op: z.string().optional(),
  status: z.string().optional(),
});
const transaction = z.object({
  type: z.literal("transaction"),
  transaction: z.string(),
  contexts: z.object({ trace }),
  tags: z.record(z.string(), z.string()),
  spans: z.array(trace.extend({ description: z.string(), parent_span_id: z.string() })),
});
const failure = z.object({ exception: z.object({}).loose(), contexts: z.object({ trace }) });
/** An envelope is lines of JSON: its header, then header and body of each item. */
const bodies = () =>
  sentry.envelopes.map((envelope) => JSON.parse(envelope.split("\n")[2] ?? "null") as unknown);
const transactions = () => bodies().flatMap((body) => transaction.safeParse(body).data ?? []);
const failures = () => bodies().flatMap((body) => failure.safeParse(body).data ?? []);

describe.each([{ checkpointing: true }, { checkpointing: false }])("with %o", (mode) => {
  async function run(data: object, env: Record<string, string> = {}) {
    shop = await workshop({ ...mode, functions, env: { SENTRY_DSN: sentry.dsn, ...env } });
    const eventId = randomUUID();
    await shop.engine.send({ id: eventId, name: "test/walk", data: { ...data } });
    const { id: runId } = await shop.engine.run(eventId, "walk");
    await shop.engine.idle();
    return { eventId, runId };
  }

  test("S4-44: a run is one trace with a span for each step, its status, and tags", async () => {
    const { eventId, runId } = await run({});
    const sent = transactions();
    expect(sent.length).toBeGreaterThan(1);
    for (const one of sent) {
      expect(one).toMatchObject({
        transaction: "walk",
        tags: { jobType: "test/walk", eventId, runId },
        contexts: { trace: { op: "job", status: "ok", trace_id: sent[0]?.contexts.trace.trace_id } },
      });
      for (const span of one.spans)
        expect(span).toMatchObject({
          op: "step",
          status: "ok",
          trace_id: one.contexts.trace.trace_id,
          parent_span_id: one.contexts.trace.span_id,
        });
    }
    expect(sent.flatMap(({ spans }) => spans.map(({ description }) => description))).toEqual([
      "first",
      "second",
    ]);
    // What a step returned stays here.
    expect(sentry.envelopes.join()).not.toContain("ada@");
    expect(failures()).toEqual([]);
  });

  test("S4-44: a step that fails is an error in the run's trace, and the error itself is reported once", async () => {
    await run({ falls: true });
    const spans = transactions().flatMap((one) => one.spans);
    expect(spans.map(({ description, status }) => `${description} ${status}`)).toEqual([
      "first ok",
      "second internal_error",
    ]);
    expect(transactions().map(({ contexts }) => contexts.trace.status)).toContain("internal_error");
    expect(failures()).toHaveLength(1);
    expect(failures()[0]?.contexts.trace.trace_id).toBe(transactions()[0]?.contexts.trace.trace_id);
  });

  test("with SENTRY_TRACES=0 no trace is sent, and errors still are", async () => {
    await run({ falls: true }, { SENTRY_TRACES: "0" });
    expect(transactions()).toEqual([]);
    expect(failures()).toHaveLength(1);
  });
});
