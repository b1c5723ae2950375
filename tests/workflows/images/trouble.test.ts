import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type ImageQueueHouse, imageQueueHouse } from "../../support/image-queue-house.ts";

let house: ImageQueueHouse;
/** Names of database functions that do not answer, once for each entry. */
const silent: string[] = [];
beforeAll(async () => {
  house = await imageQueueHouse({
    beforeCall: (rpc) => {
      const index = silent.indexOf(rpc);
      if (index < 0) return;
      silent.splice(index, 1);
      throw new TypeError("fetch failed");
    },
  });
});
afterEach(() => house.calm());
afterAll(() => house.close());

const statusOf = async (id: string) => (await house.task(id)).status;
const until = (id: string, status: string) =>
  house.engine.waitFor(async () => (await statusOf(id)) === status, { within: "1h" });
const letters = async () =>
  (await house.call("GET", "/api/dead-letters?status=failed", undefined, "admin")).body.items;

describe("a failing image provider", () => {
  it("S1-3, S1-17: is asked again after 2, 4, 8 and 16 s, then the task fails", async () => {
    await house.control("", { outage: 503 });
    const id = await house.submit();
    await until(id, "failed");

    const { drawings } = await house.control("/drawings");
    const at = drawings.map(({ startedAt }: { startedAt: string }) => Date.parse(startedAt)).toReversed();
    const gaps = at.slice(1).map((time: number, n: number) => (time - at[n]) / 1000);
    expect(gaps).toHaveLength(4);
    for (const [n, seconds] of [2, 4, 8, 16].entries()) {
      expect(gaps[n]).toBeGreaterThanOrEqual(seconds * 0.875);
      expect(gaps[n]).toBeLessThanOrEqual(seconds * 1.125 + 1);
    }
    expect(await house.task(id)).toMatchObject({
      attempts: 5,
      maxAttempts: 5,
      retryAt: null,
      error: { code: "provider_unavailable" },
    });
  });

  it("S1-17: a task that waits for its retry shows the time and the error, and keeps its concurrency", async () => {
    await house.control("", { outage: 503 });
    const ids: string[] = [];
    for (let n = 0; n < 6; n++) ids.push(await house.submit());
    const [first = "", , , , , sixth = ""] = ids;
    await until(first, "waiting");
    const task = await house.task(first);
    expect(Date.parse(task.retryAt)).toBeGreaterThan(house.engine.clock.now().getTime());
    expect(task).toMatchObject({ attempts: 1, error: { code: "provider_unavailable" } });
    const { body: job } = await house.call("GET", `/api/jobs/${first}`);
    expect(Date.parse(job.waitingUntil)).toBe(Date.parse(task.retryAt));
    expect(await statusOf(sixth)).toBe("pending");

    await house.control("", { outage: null });
    for (const id of ids) await until(id, "completed");
    const { body } = await house.call("GET", `/api/jobs/${first}`);
    expect(body.timeline.map(({ type }: { type: string }) => type)).toEqual(
      expect.arrayContaining(["waiting", "retrying", "attempt", "completed"]),
    );
  });

  it("that says how long to wait gets no request before that from any task", async () => {
    await house.control("", { requestsPerSecond: 1 });
    const ids = [await house.submit("one"), await house.submit("two"), await house.submit("three")];
    for (const id of ids) await until(id, "completed");
    const { stats } = await house.control();
    expect(stats.byStatus["429"] ?? 0).toBeLessThanOrEqual(2);
  });
});

describe("a task that fails for good", () => {
  it("S1-5, S1-24: is tried once, leaves a dead letter, and the next task starts", async () => {
    const id = await house.submit("fail permanently");
    const others: string[] = [];
    for (let n = 0; n < 5; n++) others.push(await house.submit());
    await until(id, "failed");
    expect(await house.task(id)).toMatchObject({ attempts: 1, error: { code: "provider_rejected" } });
    expect(await letters()).toMatchObject([{ event: { name: "image/generate", data: { taskId: id } } }]);
    for (const other of others) await until(other, "completed");
  });

  it("S1-24: joins the queue again on a reprocess, with a new job for the same task", async () => {
    await house.control("", { outage: 400 });
    const id = await house.submit();
    await until(id, "failed");
    await house.control("", { outage: null });
    const [letter] = await letters();
    const { body } = await house.call("POST", `/api/dead-letters/${letter.id}/reprocess`, undefined, "admin");
    await until(id, "completed");
    await house.engine.idle();
    expect(await house.task(id)).toMatchObject({
      attempts: 1,
      error: null,
      jobUrl: `/api/jobs/${body.jobId}`,
    });
    expect(
      (await house.call("GET", `/api/dead-letters/${letter.id}`, undefined, "admin")).body,
    ).toMatchObject({
      outcome: "completed",
    });
  });

  it("S1-24: waits in the queue on a reprocess when the lane's concurrency is used up", async () => {
    const id = await house.submit("fail permanently");
    await until(id, "failed");
    await house.control("", { outage: 503 });
    const others: string[] = [];
    for (let n = 0; n < 5; n++) others.push(await house.submit());
    const [letter] = await letters();
    await house.call("POST", `/api/dead-letters/${letter.id}/reprocess`, undefined, "admin");
    await until(id, "pending");
    const { id: runId = "" } = house.engine.runs("generate-image").at(-1) ?? {};
    const waits = () =>
      house.engine
        .history(runId)
        .filter(({ what }) => what === "sleeping")
        .map(({ name }) => name);
    await house.engine.waitFor(() => waits().length > 1, { within: "1h" });
    await house.control("", { outage: null });
    for (const other of others) await until(other, "completed");
    await until(id, "failed");
    // Two waits of one name would be one line in Inngest's trace, and the SDK warns of "Duplicate step ID".
    expect(waits()).toEqual([...new Set(waits())]);
  });

  it("is drawn after a reprocess, also when the lane is busy for longer than an hour", async () => {
    await house.control("", { outage: 400 });
    const id = await house.submit("a boat", { priority: 4 });
    await until(id, "failed");
    await house.control("", { outage: null });
    for (let n = 0; n < 5; n++) await until(await house.submit(), "completed");
    // Drawings without an end use the lane's concurrency until their lease is over.
    await house.rows(
      "update image_tasks set drawing_until = $1 where lane = 'tasks' and status = 'completed'",
      new Date(house.engine.clock.now().getTime() + 70 * 60_000).toISOString(),
    );
    const [letter] = await letters();
    await house.call("POST", `/api/dead-letters/${letter.id}/reprocess`, undefined, "admin");
    await until(id, "pending");
    const urgent = await house.submit();
    await house.engine.advance("70m");
    expect(await Promise.all([id, urgent].map(statusOf))).toEqual(["pending", "pending"]);
    await until(id, "completed");
    await until(urgent, "completed");
    expect(await letters()).toEqual([]);
  });

  it("is drawn by a replay of its run, which completes the same job and settles the dead letter", async () => {
    await house.control("", { outage: 400 });
    const id = await house.submit();
    await until(id, "failed");
    await house.control("", { outage: null });
    const run = house.engine.runs("generate-image").at(-1);
    await house.engine.rerun(String(run?.id));
    await until(id, "completed");
    await house.engine.idle();
    expect(await house.task(id)).toMatchObject({ jobUrl: `/api/jobs/${id}` });
    expect((await house.call("GET", `/api/jobs/${id}`)).body.status).toBe("completed");
    expect(await letters()).toEqual([]);
  });
});

describe("outages of our own services", () => {
  it("a lost answer after the picture was stored causes no second drawing", async () => {
    house.engine.faults.dropAnswer({ functionId: "generate-image", times: 1 });
    const id = await house.submit();
    await until(id, "completed");
    expect((await house.control()).stats.requests).toBe(1);
  });

  it("a database that does not answer causes no failed attempt", async () => {
    silent.push("end_image_attempt", "end_image_attempt");
    const id = await house.submit();
    await until(id, "completed");
    expect(await house.task(id)).toMatchObject({ attempts: 1 });
  });
});
