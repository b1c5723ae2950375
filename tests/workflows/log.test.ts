import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AppError } from "#lib/errors.ts";
import type { Platform } from "#platform.ts";
import { insertJob } from "../support/jobs.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

const fall = () => {
  throw new AppError("provider_rejected", "it fell");
};

const functions = ({ inngest, onFailure }: Platform) => [
  inngest.createFunction(
    { id: "fall-in-a-step", triggers: [{ event: "test/fall" }], retries: 0, onFailure },
    async ({ step }) => {
      await step.run("stand", () => true);
      await step.run("fall", fall);
    },
  ),
  inngest.createFunction(
    { id: "walk", triggers: [{ event: "test/walk" }], retries: 0, onFailure },
    async ({ step }) => {
      await step.run("first", () => true);
      await step.sleep("rest", "1s");
      await step.run("second", () => true);
      return { walked: 2, by: "ada@example.com" };
    },
  ),
  inngest.createFunction(
    { id: "end-elsewhere", triggers: [{ event: "test/elsewhere" }], retries: 0, onFailure },
    async ({ event, step }) => {
      await step.run("end", () => endElsewhere(event.id));
      return { walked: 0 };
    },
  ),
];
/** Ends the job as a room does that finds a fault of its own. */
let endElsewhere = async (_jobId: string): Promise<void> => {};

const FUNCTIONS: Record<string, string> = { fall: "fall-in-a-step", elsewhere: "end-elsewhere" };

describe.each([{ checkpointing: true }, { checkpointing: false }])("with %o", (mode) => {
  let shop: Workshop;
  let lines: Record<string, unknown>[] = [];
  beforeAll(async () => {
    shop = await workshop({
      ...mode,
      functions,
      env: { LOG_LEVEL: "debug" },
      log: (line) => void lines.push(JSON.parse(line)),
    });
  });
  afterAll(() => shop.close());

  const accept = (functionId = "fall-in-a-step", event = "test/fall"): Promise<string> =>
    insertJob(shop.database.sql, { functionId, event });

  /** The log lines of the run that this event started, until no work was left. */
  async function linesOf(id: string, data: Record<string, unknown> = {}, work = "fall") {
    lines = [];
    await shop.engine.send({ id, name: `test/${work}`, data });
    const { id: runId } = await shop.engine.run(id, FUNCTIONS[work] ?? work);
    await shop.engine.idle();
    return { runId, ofRun: lines.filter((line) => line["runId"] === runId), all: lines };
  }

  test("S4-46: every log line of a failed run has the ids of its job, run and event", async () => {
    const jobId = await accept();
    const { ofRun, runId, all } = await linesOf(jobId);
    const told = ofRun.map(({ msg }) => msg);
    expect(told).toContain("Inngest step error");
    expect(told).toContain("Inngest function error");
    expect(told).toContain("job failed");
    for (const line of ofRun)
      expect(line).toMatchObject({ jobId, runId, eventId: jobId, functionId: "fall-in-a-step" });
    // The function that records the failure has its own run and event, but its lines name the same job.
    for (const line of all.filter((line) => line["functionId"] !== undefined))
      expect(line).toMatchObject({ jobId, runId: expect.any(String), eventId: expect.any(String) });
  });

  const OF_EVERY_LINE = new Set(["level", "time", "pid", "hostname", "env"]);
  const own = (line: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(line).filter(([name]) => !OF_EVERY_LINE.has(name)));
  const ends = (of: Record<string, unknown>[]) =>
    of.map(own).filter(({ msg }) => /^job (started|completed|failed)$/.test(String(msg)));

  test("S4-46: a completed run is logged at its start and end, with duration and result", async () => {
    const jobId = await accept("walk", "test/walk");
    const { ofRun, runId } = await linesOf(jobId, { person: "ada@example.com" }, "walk");
    const ids = { jobId, runId, eventId: jobId, functionId: "walk", jobType: "test/walk" };
    expect(ends(ofRun)).toEqual([
      { ...ids, msg: "job started", attempt: 1, data: {} },
      {
        ...ids,
        msg: "job completed",
        durationMs: expect.any(Number),
        result: '{"walked":2,"by":"[address]"}',
      },
    ]);
    const steps = ofRun
      .filter(({ step }) => step !== undefined)
      .map(({ msg, step }) => `${String(msg)}: ${String(step)}`);
    expect(steps).toEqual([
      "step started: first",
      "step completed: first",
      "step started: second",
      "step completed: second",
    ]);
    expect(ends(ofRun)[1]?.["durationMs"]).toBeGreaterThanOrEqual(1000);
  });

  test("S4-46: a run whose job was failed by its room is logged as failed", async () => {
    const jobId = await accept("end-elsewhere", "test/elsewhere");
    endElsewhere = async (id) => {
      await shop.rows(`select private.end_job($1, 'failed', null, '{"code": "conflict"}', $2)`, [
        id,
        shop.engine.clock.now(),
      ]);
    };
    const { ofRun } = await linesOf(jobId, {}, "elsewhere");
    expect(ends(ofRun)).toMatchObject([
      { msg: "job started" },
      { msg: "job failed", durationMs: expect.any(Number) },
    ]);
    expect(await shop.rows("select status, error from jobs where id = $1", [jobId])).toEqual([
      { status: "failed", error: { code: "conflict" } },
    ]);
  });

  test("S4-46: a failed run is logged with its error and stack", async () => {
    const jobId = await accept();
    const { all, runId } = await linesOf(jobId);
    const [, failed] = ends(all.filter((line) => line["jobId"] === jobId));
    expect(failed).toEqual({
      jobId,
      runId,
      eventId: jobId,
      functionId: "fall-in-a-step",
      msg: "job failed",
      jobType: "test/fall",
      durationMs: expect.any(Number),
      eventName: "test/fall",
      letterId: expect.any(String),
      code: "provider_rejected",
      category: expect.any(String),
      error: "it fell",
      stack: expect.stringMatching(/it fell\n.*log\.test\.ts/s),
    });
  });

  test("a fanned-out run is logged with the id of its parent job", async () => {
    const parentJobId = await accept();
    const { ofRun } = await linesOf("chunk 7", { parentJobId });
    expect(ofRun.length).toBeGreaterThan(1);
    for (const line of ofRun) expect(line).toMatchObject({ jobId: parentJobId, eventId: "chunk 7" });
  });

  test("a run of an event from elsewhere is logged with the job that the ledger created for it", async () => {
    const { ofRun } = await linesOf("hello ada@example.com");
    const [job] = await shop.rows("select id from jobs where event_id = $1", ["hello ada@example.com"]);
    const first = ofRun.find(({ msg }) => msg === "Inngest step error");
    if (mode.checkpointing) expect(first).toMatchObject({ jobId: job.id });
    expect(first).toMatchObject({ eventId: "hello [address]", runId: expect.any(String) });
  });

  test("a run that cannot begin because the database is down is logged", async () => {
    shop.down.database = true;
    const { ofRun } = await linesOf(randomUUID());
    shop.down.database = false;
    expect(ofRun).toContainEqual(expect.objectContaining({ msg: "Inngest function error" }));
  });
});
