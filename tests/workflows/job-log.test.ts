import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { AppError } from "#lib/errors.ts";
import type { Platform } from "#platform.ts";
import { insertJob } from "../support/jobs.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

const functions = ({ inngest, logger, onFailure }: Platform) => [
  inngest.createFunction(
    { id: "walk", triggers: [{ event: "test/walk" }], retries: 1, onFailure },
    async ({ event, step }) => {
      await step.run("look", () => {
        for (let n = 1; n <= event.data["lines"]; n++)
          logger.info({ n, email: "ada@example.com", text: "x".repeat(5_000) }, `line ${n}`);
      });
      await step.sleep("rest", "1m");
      await step.run("go", () => {
        if (event.data["falls"]) throw new AppError("provider_unavailable", "the road is closed");
      });
    },
  ),
];

type Line = { runId: string; function: string; level: string; message: string; facts: string };

describe.each([{ checkpointing: true }, { checkpointing: false }])("with %o", (mode) => {
  let shop: Workshop;
  let stored = 0;
  beforeAll(async () => {
    shop = await workshop({
      ...mode,
      functions,
      log: () => {},
      afterDatabase: (path) => void (stored += Number(path.endsWith("/keep_log_lines"))),
    });
  });
  afterAll(() => shop.close());
  beforeEach(() => {
    stored = 0;
  });

  /** Runs the work for a job of this event, or for the job that the event names as its parent. */
  async function walk(data: Record<string, unknown>) {
    const id = randomUUID();
    if (!data["parentJobId"]) await insertJob(shop.database.sql, { id, data }, shop.engine.clock.now());
    await shop.engine.send({ id, name: "test/walk", data });
    const { id: runId } = await shop.engine.run(id, "walk");
    await shop.engine.idle();
    return { id, runId };
  }
  const logOf = async (id: string): Promise<Line[]> => {
    const { status, body } = await shop.call("GET", `/api/jobs/${id}/log`);
    expect(status).toBe(200);
    return body.items;
  };

  test("a job keeps what its run has logged, masked and cut, with one statement", async () => {
    const { id, runId } = await walk({ lines: 2 });
    const log = await logOf(id);
    expect(log).toEqual(
      [1, 2].map((n) => ({
        runId,
        function: "walk",
        at: expect.any(String),
        level: "info",
        message: `line ${n}`,
        facts: expect.stringMatching(`^{"n":${n},"email":"\\[redacted\\]","text":"x+$`),
      })),
    );
    expect(log[0]?.facts).toHaveLength(3_000);
    expect(stored).toBe(1);
  });

  test("a run that logs nothing itself costs no statement", async () => {
    const { id } = await walk({ lines: 0 });
    expect(await logOf(id)).toEqual([]);
    expect(stored).toBe(0);
  });

  test("the errors of each try and of the failure are lines of the run", async () => {
    const { id, runId } = await walk({ lines: 0, falls: true });
    const ofRun = (await logOf(id)).filter((line) => line.runId === runId);
    expect(ofRun.filter(({ level }) => level === "error").length).toBeGreaterThanOrEqual(3);
    expect(ofRun.at(-1)).toMatchObject({ message: "job failed", function: "walk" });
    expect(ofRun.map(({ facts }) => facts).join()).toContain("the road is closed");
  });

  test("the lines of a part are kept with its job", async () => {
    const { id } = await walk({ lines: 0 });
    const part = await walk({ lines: 1, parentJobId: id });
    expect(await logOf(id)).toMatchObject([{ runId: part.runId, message: "line 1" }]);
  });

  test("a request keeps its newest 100 lines, and a job its newest 200", async () => {
    const { id } = await walk({ lines: 101 });
    const first = await logOf(id);
    expect(first.map(({ message }) => message)).toEqual(
      Array.from({ length: 100 }, (_, n) => `line ${n + 2}`),
    );
    for (let n = 0; n < 2; n++) await walk({ lines: 100, parentJobId: id });
    expect(await shop.rows("select count(*)::int as n from job_log_lines where job_id = $1", [id])).toEqual([
      { n: 200 },
    ]);
    expect((await logOf(id)).some(({ runId }) => runId === first[0]?.runId)).toBe(false);
  });

  test("the lines are deleted with their job", async () => {
    const { id } = await walk({ lines: 1 });
    await shop.rows("delete from jobs where id = $1", [id]);
    expect(await shop.rows("select from job_log_lines where job_id = $1", [id])).toEqual([]);
  });

  test("a full line keeps room for the word that replaces a short address", async () => {
    const { id } = await walk({ lines: 1 });
    await shop.rows(
      "update job_log_lines set message = repeat('a@b ', 250), facts = repeat('a@b ', 750) where job_id = $1",
      [id],
    );
    await shop.rows(
      "select private.erase_in_table(erasers, 'a@b', null) from private.erasers where table_name = 'public.job_log_lines'",
    );
    expect((await logOf(id))[0]?.message).toBe("erased ".repeat(250));
  });

  test("the log of an unknown job is not found", async () => {
    expect((await shop.call("GET", `/api/jobs/${randomUUID()}/log`)).status).toBe(404);
  });

  test("a run completes when its log cannot be stored", async () => {
    await shop.rows("revoke insert on job_log_lines from service_role");
    const { id } = await walk({ lines: 1 });
    await shop.rows("grant insert on job_log_lines to service_role");
    expect(await logOf(id)).toEqual([]);
    expect((await shop.call("GET", `/api/jobs/${id}`)).body.status).toBe("completed");
  });
});
