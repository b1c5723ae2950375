import { randomUUID } from "node:crypto";
import { cron, eventType } from "inngest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Platform } from "#platform.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

const greet = eventType("test/greet", {
  schema: z.object({ name: z.string(), fail: z.boolean().optional() }),
});
let failing = true;

const functions = ({ inngest, onFailure }: Platform) => [
  inngest.createFunction(
    { id: "greet", triggers: [greet], retries: 0, onFailure },
    async ({ event, step }) => {
      await step.run("work", () => {
        if (event.data.fail && failing) throw new Error(`no greeting for ${event.data.name}`);
      });
      return { greeted: event.data.name };
    },
  ),
  inngest.createFunction(
    { id: "tick", triggers: [cron("0 3 * * *")], retries: 0, onFailure },
    async ({ step }) => step.run("tick", () => "tock"),
  ),
];

describe.each([{ checkpointing: true }, { checkpointing: false }])(
  "with %o each way to start work makes one tracked job",
  (mode) => {
    let shop: Workshop;
    beforeAll(async () => {
      shop = await workshop({ ...mode, functions });
    });
    afterAll(() => shop.close());

    const jobsOf = (functionId: string) =>
      shop.rows("select * from jobs where function_id = $1 order by created_at, id", [functionId]);

    test("an inngest.send by app code", async () => {
      const { ids } = await shop.app.inngest.send(greet.create({ name: "Ada" }));
      await shop.engine.run(String(ids[0]), "greet");
      const [job, ...others] = await jobsOf("greet");
      expect(others).toEqual([]);
      expect(job).toMatchObject({
        kind: "greet",
        status: "completed",
        event_id: ids[0],
        event_name: "test/greet",
        requester: "event",
        result: { greeted: "Ada" },
      });
      const { body } = await shop.call("GET", `/api/jobs/${job.id}`);
      expect(body.runs).toMatchObject([{ status: "completed", attempts: 1 }]);
      expect(body.timeline.map(({ type }: { type: string }) => type)).toEqual([
        "accepted",
        "running",
        "completed",
      ]);
      expect(body.timeline.map(({ sequence }: { sequence: number }) => sequence)).toEqual([1, 2, 3]);
    });

    test("a scheduled run", async () => {
      await shop.engine.advance("24h");
      expect(await jobsOf("tick")).toMatchObject([
        { status: "completed", requester: "schedule", event_name: "inngest/scheduled.timer", result: "tock" },
      ]);
    });

    test("a replay is a new run of the same job and settles its dead letter", async () => {
      failing = true;
      const id = randomUUID();
      await shop.engine.send({ id, name: "test/greet", data: { name: "Bob", fail: true } });
      const failed = await shop.engine.run(id, "greet");
      expect(failed.status).toBe("Failed");
      await shop.engine.idle();
      expect(
        await shop.rows("select status, outcome from dead_letter_queue where event_id = $1", [id]),
      ).toEqual([{ status: "failed", outcome: null }]);

      failing = false;
      await shop.engine.advance("1m");
      await shop.engine.rerun(failed.id);
      await shop.engine.waitFor(() => shop.engine.runs("greet").every(({ status }) => status !== "Running"));
      const jobs = await shop.rows("select * from jobs where event_id = $1", [id]);
      expect(jobs).toMatchObject([{ status: "completed", error: null, result: { greeted: "Bob" } }]);
      const { body } = await shop.call("GET", `/api/jobs/${jobs[0].id}`);
      expect(body.runs.map(({ status }: { status: string }) => status)).toEqual(["failed", "completed"]);
      expect(
        await shop.rows("select status, outcome, handled_by from dead_letter_queue where event_id = $1", [
          id,
        ]),
      ).toEqual([{ status: "reprocessed", outcome: "completed", handled_by: "replay" }]);
    });

    test("a reprocess of a dead letter", async () => {
      failing = true;
      const id = randomUUID();
      await shop.engine.send({ id, name: "test/greet", data: { name: "Eve", fail: true } });
      await shop.engine.run(id, "greet");
      await shop.engine.idle();
      const [letter] = await shop.rows("select * from dead_letter_queue where event_id = $1", [id]);

      failing = false;
      const { status, body } = await shop.call("POST", `/api/dead-letters/${letter.id}/reprocess`);
      expect(status).toBe(202);
      await shop.engine.run(body.jobId, "greet");
      const [job] = await shop.rows("select * from jobs where id = $1", [body.jobId]);
      expect(job).toMatchObject({
        status: "completed",
        parent_job_id: letter.job_id,
        dead_letter_id: letter.id,
        event_data: { name: "Eve", fail: true },
      });
      const after = await shop.call("GET", `/api/dead-letters/${letter.id}`);
      expect(after.body).toMatchObject({
        status: "reprocessed",
        outcome: "completed",
        handledBy: expect.stringMatching(/^key:/),
      });
    });
  },
);
