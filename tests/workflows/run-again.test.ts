import { randomUUID } from "node:crypto";
import { eventType } from "inngest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { AppError } from "#lib/errors.ts";
import type { Platform } from "#platform.ts";
import { insertJob } from "../support/jobs.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

const ordered = eventType("test/ordered", {
  schema: z.object({ orderId: z.string(), fails: z.boolean().optional() }),
});
let packed: string[] = [];
let thanked: string[] = [];
let troubles = 0;
let trouble = "no tape";

const functions = ({ inngest, onFailure }: Platform) => [
  inngest.createFunction(
    { id: "pack-order", triggers: [ordered], retries: 3, onFailure },
    async ({ event, step }) => {
      if (event.data.fails) throw new AppError("provider_unauthorized", "our key is refused");
      const box = await step.run("find-box", () => ({ box: "small" }));
      await step.run("pack", () => {
        if (troubles-- > 0) throw new AppError("provider_unavailable", trouble, { retryAfterMs: 30_000 });
        packed.push(event.data.orderId);
        return "x".repeat(5_000);
      });
      await step.sleep("dry", "1m");
      return box;
    },
  ),
  inngest.createFunction(
    { id: "thank-for-order", triggers: [ordered], retries: 0, onFailure },
    async ({ event }) => void thanked.push(event.data.orderId),
  ),
];

describe.each([{ checkpointing: true }, { checkpointing: false }])("with %o", (mode) => {
  let shop: Workshop;
  beforeAll(async () => {
    shop = await workshop({ ...mode, functions });
  });
  afterAll(() => shop.close());

  /** A job of pack-order that has ended. */
  async function packedOrder(data: z.input<typeof ordered.schema>) {
    const id = randomUUID();
    packed = [];
    thanked = [];
    await insertJob(
      shop.database.sql,
      { id, owner: "ann", functionId: "pack-order", event: ordered.name, data },
      shop.engine.clock.now(),
    );
    await shop.engine.send({ id, name: ordered.name, data });
    await shop.engine.run(id, "pack-order");
    await shop.engine.idle();
    return id;
  }

  test("S4-43: a job's trace has its input, and each step with its output, times, tries, their errors and pauses", async () => {
    troubles = 2;
    const id = await packedOrder({ orderId: "one" });
    const { body } = await shop.call("GET", `/api/jobs/${id}/trace`);
    expect(body.input).toMatchObject({ orderId: "one" });
    expect(body.runs).toHaveLength(1);
    const [run] = body.runs;
    expect(run.problem).toBeNull();
    expect(
      run.steps.map(({ name, operation, status }: Record<string, unknown>) => [name, operation, status]),
    ).toEqual([
      ["find-box", "RUN", "COMPLETED"],
      ["pack", "RUN", "COMPLETED"],
      ["dry", "SLEEP", "COMPLETED"],
    ]);
    const [found, pack, dry] = run.steps;
    expect(found.output).toEqual({ box: "small" });
    // A large output is not sent whole.
    expect(pack.output).toEqual({ truncated: true, chars: 5_002 });
    expect(pack.attempts.map(({ error }: { error: string | null }) => error)).toEqual([
      "no tape",
      "no tape",
      null,
    ]);
    const [first, second] = pack.attempts;
    expect(Date.parse(second.startedAt) - Date.parse(first.endedAt)).toBeGreaterThanOrEqual(30_000);
    expect(Date.parse(dry.endedAt) - Date.parse(dry.startedAt)).toBe(60_000);
  });

  test("S4-43: an ended job runs again as a new job with the same event, for its own function only", async () => {
    troubles = 0;
    const id = await packedOrder({ orderId: "two" });
    expect([packed, thanked]).toEqual([["two"], ["two"]]);
    const again = await shop.call("POST", `/api/jobs/${id}/run-again`);
    expect(again.status).toBe(202);
    await shop.engine.run(again.body.jobId, "pack-order");
    await shop.engine.idle();
    expect([packed, thanked]).toEqual([["two", "two"], ["two"]]);
    const { body } = await shop.call("GET", `/api/jobs/${again.body.jobId}`);
    expect(body).toMatchObject({
      status: "completed",
      function: "pack-order",
      owner: "ann",
      links: { againOf: `/api/jobs/${id}`, parent: null },
    });
    const old = await shop.call("GET", `/api/jobs/${id}`);
    expect(old.body.timeline.at(-1)).toMatchObject({
      type: "run_again",
      data: { jobId: again.body.jobId },
    });
    expect(await shop.rows("select 1 from jobs where event_id = $1", [again.body.jobId])).toHaveLength(1);
  });

  test("a job that has not ended, or has an open dead letter, is not run again", async () => {
    const waiting = randomUUID();
    await insertJob(
      shop.database.sql,
      { id: waiting, owner: "ann", functionId: "pack-order" },
      shop.engine.clock.now(),
    );
    expect((await shop.call("POST", `/api/jobs/${waiting}/run-again`)).status).toBe(409);
    const failed = await packedOrder({ orderId: "three", fails: true });
    const refused = await shop.call("POST", `/api/jobs/${failed}/run-again`);
    expect(refused.status).toBe(409);
    expect(refused.body.detail).toContain("dead letter");
    expect((await shop.call("POST", `/api/jobs/${randomUUID()}/run-again`)).status).toBe(404);
  });

  test("a trace stays small: a large input is left out, and a long error is cut", async () => {
    [troubles, trouble] = [1, "no tape ".repeat(400)];
    const id = await packedOrder({ orderId: "o".repeat(5_000) });
    const { body } = await shop.call("GET", `/api/jobs/${id}/trace`);
    trouble = "no tape";
    expect(body.input).toEqual({ truncated: true, chars: 5_014 });
    expect(body.runs[0].steps[1].attempts[0].error).toMatch(/^no tape .{292}$/);
  });

  test("repeated requests to run a job again make one job: by their key, and while that job has not ended", async () => {
    troubles = 0;
    const id = await packedOrder({ orderId: "five" });
    const again = (key?: string) =>
      shop.call("POST", `/api/jobs/${id}/run-again`, undefined, key ? { "idempotency-key": key } : {});
    const together = await Promise.all([again("a"), again("b"), again()]);
    const ids = new Set(together.map(({ body }) => body.jobId));
    expect(ids.size).toBe(1);
    const ended = async (jobId: string) => {
      await shop.engine.run(jobId, "pack-order");
      await shop.engine.idle();
    };
    await ended(together[0].body.jobId);
    expect(packed).toEqual(["five", "five"]);
    const first = await again("c");
    await ended(first.body.jobId);
    expect(first.body.jobId).not.toBe(together[0].body.jobId);
    expect((await again("c")).body.jobId).toBe(first.body.jobId);
    const other = await packedOrder({ orderId: "six" });
    const refused = await shop.call("POST", `/api/jobs/${other}/run-again`, undefined, {
      "idempotency-key": "c",
    });
    expect(refused).toMatchObject({ status: 409, body: { code: "idempotency_conflict" } });
  });

  test("a trace says so when the engine cannot be reached", async () => {
    const id = await packedOrder({ orderId: "four" });
    shop.down.engine = true;
    const { body } = await shop.call("GET", `/api/jobs/${id}/trace`);
    shop.down.engine = false;
    expect(body.runs).toMatchObject([{ steps: null, problem: "The engine cannot be reached." }]);
  });
});
