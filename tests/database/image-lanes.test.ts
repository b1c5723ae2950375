import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { MAX_ROUNDS } from "#images/generate-image.ts";
import { LANES } from "#images/lanes.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { type ImageLane, imageLane } from "../support/image-lane.ts";
import { insertJob } from "../support/jobs.ts";

let db: TestDatabase;
let lane: ImageLane;
beforeAll(async () => {
  db = await freshDatabase();
});
afterAll(() => db.close());
beforeEach(() => {
  lane = imageLane(db, { atOnce: 2 });
});
afterEach(() => lane.close());

const statuses = async () => (await lane.tasks()).map(({ status }) => status);
const accept = async (count: number, wish = {}) => {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) ids.push((await lane.accept(wish)).taskId);
  return ids;
};
const [first, second, third] = [0, 1, 2] as const;
const timelineOf = async (id = "") =>
  (await lane.rows("select type from job_events where job_id = $1 order by sequence", id)).map(
    ({ type }) => type,
  );

describe("the next task to start", () => {
  it("S0-1, S1-1: is the one that was accepted first, and starts only while concurrency is free", async () => {
    const ids = await accept(6);
    expect(await statuses()).toEqual([
      "processing",
      "processing",
      "pending",
      "pending",
      "pending",
      "pending",
    ]);
    for (const id of ids) await lane.draw(id);
    const started = (await lane.tasks()).toSorted(
      (a, b) => Number(a["started_no"]) - Number(b["started_no"]),
    );
    expect(started.map(({ id }) => id)).toEqual(ids);
    expect(await statuses()).toEqual(Array(6).fill("completed"));
  });

  it.each([
    ["S0-2", LANES.demo, 6],
    ["S1-2", LANES.tasks, 5],
  ])("%s: the lane %o starts no more tasks at once than its concurrency", async (_, preset, atOnce) => {
    const busy = imageLane(db, { ...preset, lane: `${preset.lane} preset` });
    for (let n = 0; n < 10; n++) await busy.accept();
    expect((await busy.tasks()).filter(({ status }) => status === "processing")).toHaveLength(atOnce);
    await busy.close();
  });

  it("S1-23: a VIP task starts before tasks that are due later", async () => {
    const now = Date.now();
    const ids = await accept(2);
    const { taskId: old } = await lane.accept({ priority: 3, at: new Date(now - 6 * 60_000) });
    const { taskId: normal } = await lane.accept({ priority: 3 });
    const { taskId: vip } = await lane.accept({ priority: 1 });
    for (const id of ids) await lane.draw(id);
    // The lane's time never goes back: a later task with an earlier clock does not overtake.
    expect((await lane.task(vip))["status"]).toBe("processing");
    expect((await lane.task(old))["status"]).toBe("processing");
    expect((await lane.task(normal))["status"]).toBe("pending");
  });

  it("S1-23: no priority starves: a task that is due starts before a VIP task that is not due yet", async () => {
    const past = new Date(Date.now() - 6 * 60_000);
    const ids = await accept(2, { at: past });
    const { taskId: old } = await lane.accept({ priority: 3, at: past });
    const { taskId: vip } = await lane.accept({ priority: 2 });
    await lane.draw(String(ids[first]));
    expect((await lane.task(old))["status"]).toBe("processing");
    expect((await lane.task(vip))["status"]).toBe("pending");
  });

  it("is skipped when its deadline has passed, without an execution", async () => {
    const ids = await accept(2);
    const { taskId: late } = await lane.accept({ deadlineAt: new Date(Date.now() - 1000).toISOString() });
    const { taskId: next } = await lane.accept();
    await lane.draw(String(ids[first]));
    expect(await lane.task(late)).toMatchObject({ status: "skipped", started_no: null });
    expect(await lane.rows("select status, result, sent_at from jobs where id = $1", late)).toMatchObject([
      { status: "skipped", result: { reason: "deadline_passed" } },
    ]);
    expect((await lane.task(next))["status"]).toBe("processing");
  });

  it("is the only kind that is released: the job of a waiting task is not sent to the engine", async () => {
    const ids = await accept(3);
    const released = await lane.rows(
      "select id from jobs where id = any ($1) and released_at is not null",
      ids,
    );
    expect(new Set(released.map(({ id }) => id))).toEqual(new Set(ids.slice(0, 2)));
  });
});

describe("accepting a task", () => {
  it("S1-7, S1-18: a full lane refuses with a retry time, and accepts again when a task ends", async () => {
    const small = imageLane(db, { atOnce: 2, capacity: 4 });
    const ids: string[] = [];
    for (let n = 0; n < 4; n++) ids.push((await small.accept()).taskId);
    await expect(small.accept()).rejects.toMatchObject({
      code: "PT503",
      message: expect.stringContaining("Queue full"),
      detail: "30",
      hint: "queue_full",
    });
    await small.draw(String(ids[first]));
    expect((await small.accept()).taskId).toBeTruthy();
    await small.close();
  });

  it("S1-25: an owner who has used up their allowance is refused, and a refusal by a full lane uses no allowance", async () => {
    const submissions = [{ key: "share", capacity: 2, refillPerSecond: 0.001, take: 1 }];
    const full = imageLane(db, { capacity: 1 });
    await full.accept({ submissions });
    // The lane is full: the refusal rolls back everything.
    for (let n = 0; n < 3; n++)
      await expect(full.accept({ submissions })).rejects.toMatchObject({ code: "PT503" });
    await lane.accept({ submissions });
    await expect(lane.accept({ submissions })).rejects.toMatchObject({
      code: "PT429",
      hint: "too_many_requests",
    });
    await full.close();
  });

  it("the same idempotency key returns the same task and adds no second one", async () => {
    const { taskId } = await lane.accept({ key: "k1" });
    expect(await lane.accept({ key: "k1" })).toEqual({ taskId });
    expect(await statuses()).toHaveLength(1);
    await expect(lane.accept({ key: "k1", prompt: "another" })).rejects.toMatchObject({ code: "PT409" });
  });

  it("a request with a clock that is behind is queued after the tasks accepted before it", async () => {
    const ids = await accept(2);
    const { taskId: honest } = await lane.accept();
    const { taskId: behind } = await lane.accept({ at: new Date(Date.now() - 60_000) });
    await lane.draw(String(ids[first]));
    expect((await lane.task(honest))["status"]).toBe("processing");
    expect((await lane.task(behind))["status"]).toBe("pending");
  });
});

describe("the end of a task", () => {
  it("S0-19: a repeated end changes nothing", async () => {
    const ids = await accept(3);
    await lane.draw(String(ids[first]));
    const before = await lane.tasks();
    expect(await lane.complete(String(ids[first]))).toBe("completed");
    expect(await lane.complete(String(ids[first]))).toBe("completed");
    expect(await lane.tasks()).toEqual(before);
  });

  it.each(["cancel", "fail"] as const)("an end by %s starts the next task", async (road) => {
    const ids = await accept(3);
    await lane[road](String(ids[first]));
    expect(await statuses()).toEqual([road === "cancel" ? "canceled" : "failed", "processing", "processing"]);
  });

  it("canceling a waiting task removes it from the queue", async () => {
    const ids = await accept(4);
    await lane.cancel(String(ids[third]));
    await lane.draw(String(ids[first]));
    expect(await statuses()).toEqual(["completed", "processing", "canceled", "processing"]);
  });

  it("clearing the lane cancels all its tasks without starting any, and later tasks start at once", async () => {
    await accept(5);
    expect(await lane.clear()).toHaveLength(5);
    const tasks = await lane.tasks();
    expect(tasks.map(({ status }) => status)).toEqual(Array(5).fill("canceled"));
    expect(tasks.map(({ started_no }) => started_no).filter((no) => no !== null)).toHaveLength(2);
    const { taskId } = await lane.accept();
    expect(await lane.task(taskId)).toMatchObject({ status: "processing" });
  });
});

describe("an attempt", () => {
  it("S1-9: a failed attempt keeps its task's concurrency until the retry", async () => {
    const ids = await accept(3);
    const { token } = await lane.begin(String(ids[first]));
    const retryAt = new Date(Date.now() + 2000).toISOString();
    await lane.end(String(ids[first]), token, { code: "provider_unavailable", message: "503", retryAt });
    expect(await lane.task(String(ids[first]))).toMatchObject({
      status: "waiting",
      attempts: 1,
      error_code: "provider_unavailable",
    });
    await accept(1);
    expect(await statuses()).toEqual(["waiting", "processing", "pending", "pending"]);
    expect(await lane.begin(String(ids[first]))).toMatchObject({ state: "draw", attempt: 2 });
  });

  it("T28: an attempt at a canceled task counts as in progress until it is over, and its picture is discarded", async () => {
    const ids = await accept(3);
    const { token } = await lane.begin(String(ids[first]));
    await lane.cancel(String(ids[first]));
    expect(await statuses()).toEqual(["canceled", "processing", "pending"]);
    expect(await lane.end(String(ids[first]), token, { imagePath: "p" })).toBe("ended");
    expect(await statuses()).toEqual(["canceled", "processing", "processing"]);
    expect((await lane.task(String(ids[first])))["image_path"]).toBeNull();
    expect((await timelineOf(ids[first])).slice(-2)).toEqual(["canceled", "run_ended"]);
  });

  it("an attempt at a canceled task whose process died counts as in progress until its lease ends, and its end is recorded once", async () => {
    const ids = await accept(4);
    for (const id of ids.slice(0, 2)) {
      await lane.begin(id, undefined, 5_000);
      await lane.cancel(id);
    }
    expect(await lane.startWaiting()).toBe(0);
    expect(await timelineOf(ids[first])).not.toContain("run_ended");
    const later = new Date(Date.now() + 6_000).toISOString();
    expect([await lane.startWaiting(later), await lane.startWaiting(later)]).toEqual([2, 0]);
    expect(await statuses()).toEqual(["canceled", "canceled", "processing", "processing"]);
    for (const id of ids.slice(0, 2)) {
      expect(await lane.task(id)).toMatchObject({ drawing_until: null });
      expect((await timelineOf(id)).filter((type) => type === "run_ended")).toHaveLength(1);
    }
  });

  it("a locked task row delays only the record of its own attempt's end, and no other task waits for it", async () => {
    const ids = await accept(3);
    await lane.begin(String(ids[first]), undefined, 5_000);
    await lane.cancel(String(ids[first]));
    const holding = await db.sql.connect();
    await holding.query("begin");
    await holding.query("select from image_tasks where id = $1 for update", [ids[first]]);
    const later = new Date(Date.now() + 6_000).toISOString();
    expect(await lane.startWaiting(later)).toBe(1);
    expect(await timelineOf(ids[first])).not.toContain("run_ended");
    await holding.query("commit");
    holding.release();
    await lane.startWaiting(later);
    expect((await timelineOf(ids[first])).at(-1)).toBe("run_ended");
  });

  it("an attempt whose process died is repeated after its lease, and both count as one attempt", async () => {
    const [id = ""] = await accept(1);
    await lane.begin(id, undefined, 5_000);
    expect(await lane.begin(id)).toMatchObject({ state: "wait", waitMs: expect.any(Number) });
    const later = new Date(Date.now() + 6_000).toISOString();
    expect(await lane.begin(id, undefined, 5_000, later)).toMatchObject({ state: "draw", attempt: 1 });
  });

  it("a result that arrives after another attempt has taken over changes nothing", async () => {
    const [id = ""] = await accept(1);
    const zombie = await lane.begin(id, undefined, 5_000);
    const later = new Date(Date.now() + 6_000).toISOString();
    const { token } = await lane.begin(id, undefined, 5_000, later);
    expect(await lane.end(id, zombie.token, { code: "internal", message: "x" })).toBe("lost");
    expect(await lane.end(id, token, { imagePath: "p" })).toBe("noted");
    expect(await lane.begin(id)).toMatchObject({ state: "drawn" });
  });

  it("no attempt begins for a job that has ended or an unknown event", async () => {
    const ids = await accept(2);
    await lane.cancel(String(ids[second]));
    expect(await lane.begin(String(ids[second]))).toMatchObject({ state: "ended" });
    expect(await lane.begin(String(ids[first]), "unknown event")).toMatchObject({ state: "gone" });
  });
});

describe("a task that has failed", () => {
  const jobAgain = async (eventId: string, taskId: string) => {
    const data = { taskId };
    await lane.rows(
      "select start_run($1, 'image/generate', $2, 'generate-image', $1 || ' run', 0, null, now())",
      eventId,
      data,
    );
  };

  it("goes to the end of the queue when its job is reprocessed", async () => {
    const ids = await accept(4);
    await lane.fail(String(ids[first]));
    await jobAgain("again", String(ids[first]));
    expect(await lane.begin(String(ids[first]), "again")).toEqual({ state: "wait", waitMs: 10_000 });
    expect(await statuses()).toEqual(["processing", "processing", "pending", "pending"]);
    await lane.draw(String(ids[second]));
    await lane.draw(String(ids[third]));
    expect(await lane.draw(String(ids[first]), "again")).toBe("completed");
    expect(await lane.task(String(ids[first]))).toMatchObject({ status: "completed", attempts: 1 });
  });

  it.each([
    [3, 5],
    [4, 60],
    [5, 24 * 60],
  ])("with priority %i checks in a busy lane until hours after it is due", async (priority, dueMinutes) => {
    const [id = ""] = await accept(3, { priority });
    await lane.fail(id);
    const begun = new Date();
    const request = { functionId: "generate-image", event: "image/generate", data: { taskId: id }, priority };
    const jobId = await insertJob(db.sql, request, begun);
    const checks: { minutes: number; waitMs: number }[] = [];
    let at = begun.getTime();
    while (checks.length < MAX_ROUNDS) {
      const { state, waitMs } = await lane.begin(id, jobId, 30_000, new Date(at).toISOString());
      expect(state).toBe("wait");
      checks.push({ minutes: (at - begun.getTime()) / 60_000, waitMs: Number(waitMs) });
      at += Number(waitMs);
    }
    expect(checks.at(-1)?.minutes).toBeGreaterThan(dueMinutes + 4 * 60);
    // A task whose turn has come uses one place of the lane until its next check, so waits near its due time are short.
    const lengthOf = (waits: typeof checks) => Math.max(...waits.map(({ waitMs }) => waitMs));
    const isNearDue = ({ minutes }: { minutes: number }) => Math.abs(minutes - dueMinutes) < 5;
    expect(lengthOf(checks.filter(isNearDue))).toBeLessThanOrEqual(60_000);
    expect(lengthOf(checks)).toBeLessThanOrEqual(5 * 60_000);
  });

  it("is drawn for one of two jobs that ask for it at once", async () => {
    const [id = ""] = await accept(1);
    await lane.fail(id);
    const events = ["one", "two"].map((name) => `${name} ${id}`);
    for (const event of events) await jobAgain(event, id);
    const begun = await Promise.all(events.map((event) => lane.begin(id, event)));
    expect(begun.map(({ state }) => state).toSorted()).toEqual(["draw", "taken"]);
  });

  it("is not drawn again while its last attempt may still be in progress", async () => {
    const [id = ""] = await accept(1);
    await lane.begin(id, undefined, 5_000);
    await lane.fail(id);
    await jobAgain(`again ${id}`, id);
    expect(await lane.begin(id, `again ${id}`)).toMatchObject({ state: "wait", waitMs: expect.any(Number) });
  });
});

it("deleting a job deletes its image task, and its files are listed for housekeeping", async () => {
  const [id = ""] = await accept(1);
  const { token } = await lane.begin(id);
  await lane.end(id, token, { imagePath: `tasks/${id}/picture` });
  await lane.complete(id);
  // Storage may have the picture of this task although its row names none: the process may have died after it stored
  // the picture and before it wrote the row.
  const [died = ""] = await accept(1);
  await lane.begin(died);
  await lane.rows("delete from jobs where id = any ($1)", [id, died]);
  expect(await lane.tasks()).toEqual([]);
  const left = (await lane.rows("select path from list_left_files(100)")).map(({ path }) => path);
  for (const task of [id, died])
    expect(left).toEqual(expect.arrayContaining([`tasks/${task}/picture`, `tasks/${task}/thumbnail`]));
});
