import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { taskView } from "#images/task.ts";
import { type ImageQueueHouse, imageQueueHouse } from "../support/image-queue-house.ts";

let house: ImageQueueHouse;
beforeAll(async () => {
  house = await imageQueueHouse();
});
afterEach(() => house.calm());
afterAll(() => house.close());

const view = taskView.strict();
const queueState = z.strictObject({
  queue: z.array(z.uuid()),
  processing: z.array(z.uuid()),
  completed: z.array(z.uuid()),
  tasks: z.record(z.uuid(), view),
});
const until = (id: string, status: string) =>
  house.engine.waitFor(async () => (await house.task(id)).status === status, { within: "1h" });
/** The provider fails, so that tasks stay where they are. */
const stop = () => house.control("", { outage: 503 });
const goOn = () => house.control("", { outage: null });
const fill = async (count: number) => {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    ids.push(await house.submit(`boat ${n}`));
    // A key may send a hundred requests per second.
    house.tick(11);
  }
  return ids;
};

describe("the queue of S0", () => {
  const queueTask = async (prompt?: string) =>
    (await house.call("POST", "/api/queue-task", prompt === undefined ? {} : { prompt })).body;
  const queueStatus = async () => queueState.parse((await house.call("GET", "/api/queue-status")).body);

  it("S0-9, S0-24: POST /api/queue-task answers 202 with a task that has its own id and starts while concurrency is free", async () => {
    await stop();
    const { status, headers, body } = await house.call("POST", "/api/queue-task", { prompt: "a lighthouse" });
    expect(status).toBe(202);
    expect(headers.get("location")).toBe(`/api/tasks/${body.taskId}`);
    expect(view.parse(body.task)).toMatchObject({ id: body.taskId, lane: "demo", status: "processing" });
    expect((await queueTask()).task.prompt).not.toBe("");
  });

  it("S0-10, S0-13: GET /api/queue-status lists queue, processing and completed, and the tasks by id", async () => {
    await stop();
    const ids: string[] = [];
    for (let n = 0; n < 8; n++) ids.push((await queueTask(`demo ${n}`)).taskId);
    const state = await queueStatus();
    expect(state).toMatchObject({ queue: ids.slice(6), processing: ids.slice(0, 6), completed: [] });
    expect(Object.keys(state.tasks).toSorted()).toEqual(ids.toSorted());
    expect(state.tasks[String(ids[7])]).toMatchObject({ position: 2, status: "pending" });
  });

  it("S0-8, S0-10, S0-12, S0-14, S0-25: a task moves from the end of the queue to processing and to completed, and then the next one starts", async () => {
    await stop();
    const ids: string[] = [];
    for (let n = 0; n < 7; n++) ids.push((await queueTask(`demo ${n}`)).taskId);
    const [first = ""] = ids;
    const last = String(ids[6]);
    await until(first, "waiting");
    // A task that waits for its retry counts as processing.
    expect(await queueStatus()).toMatchObject({ queue: [last], processing: ids.slice(0, 6) });
    await goOn();
    for (const id of ids) await until(id, "completed");
    const { queue, processing, completed } = await queueStatus();
    expect([queue, processing, completed.toSorted()]).toEqual([[], [], ids.toSorted()]);
  });

  it("a caller sees only their own tasks, and an administrator sees all tasks", async () => {
    const { taskId } = await queueTask();
    const seen = async (as: "bob" | "admin") =>
      Object.keys((await house.call("GET", "/api/queue-status", undefined, as)).body.tasks);
    expect(await seen("bob")).not.toContain(taskId);
    expect(await seen("admin")).toContain(taskId);
  });
});

describe("the tasks of S1", () => {
  it("S1-10, S1-12, S1-16: POST /api/tasks answers 202, and GET shows the addresses of the finished picture", async () => {
    const { status, headers, body } = await house.call("POST", "/api/tasks", { prompt: " a boat " });
    expect(status).toBe(202);
    expect(view.parse(body)).toMatchObject({ prompt: "a boat", lane: "tasks", attempts: 0, imageUrl: null });
    const path = String(headers.get("location"));
    expect((await house.call("GET", `${path}/image`)).body).toMatchObject({ code: "not_found" });
    await until(body.id, "completed");
    const task = view.parse((await house.call("GET", path)).body);
    expect(task).toMatchObject({
      status: "completed",
      imageUrl: `${path}/image`,
      thumbnailUrl: `${path}/thumbnail`,
    });
    expect((await house.fetchAs("bob", "GET", `${path}/image`)).status).toBe(404);
    const image = await house.fetchAs("ann", "GET", `${path}/image`);
    expect(image.headers.get("cache-control")).toBe("no-store");
    await image.body?.cancel();
  });

  it("S1-11: GET /api/tasks lists only the caller's tasks, newest first, in pages, by lane and status", async () => {
    await stop();
    const ids = await fill(7);
    const list = async (query: string, as: "ann" | "bob" = "ann") =>
      (await house.call("GET", `/api/tasks?${query}`, undefined, as)).body;
    const page = await list("limit=3&status=unfinished");
    expect(page.items.map(({ id }: { id: string }) => id)).toEqual(ids.slice(4).toReversed());
    const next = await list(`limit=4&status=unfinished&cursor=${page.nextCursor}`);
    expect(next).toMatchObject({ nextCursor: null });
    expect(next.items.map(({ id }: { id: string }) => id)).toEqual(ids.slice(0, 4).toReversed());
    expect(
      (await list("status=pending")).items.map(({ position }: { position: number }) => position),
    ).toEqual([2, 1]);
    expect((await list("status=unfinished&lane=demo")).items).toEqual([]);
    expect((await list("", "bob")).items).toEqual([]);
  });

  it("S1-19: of ten prompts at most five are processed at once, and they start in the order in which they were accepted", async () => {
    await stop();
    const ids = await fill(10);
    const [lane] = (await house.call("GET", "/api/stats?lane=tasks")).body.lanes;
    expect([lane.processing + lane.retrying, lane.waiting]).toEqual([5, 5]);
    await goOn();
    for (const id of ids) await until(id, "completed");
    expect((await house.control()).stats.maxInFlight).toBeLessThanOrEqual(5);
    const started = await house.rows(
      "select id from image_tasks where id = any ($1) order by started_no",
      ids,
    );
    expect(started.map(({ id }: { id: string }) => id)).toEqual(ids);
  });

  it('S1-7, S1-18: 503: the 101st task is refused with "Queue full" and Retry-After, and is accepted after another task ends', async () => {
    await stop();
    const ids = await fill(100);
    const refused = await house.call("POST", "/api/tasks", { prompt: "one too many" });
    expect(refused).toMatchObject({ status: 503, body: { code: "queue_full" } });
    expect(refused.body.error).toContain("Queue full");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    await house.call("DELETE", `/api/tasks/${ids[50]}`);
    expect((await house.call("POST", "/api/tasks", { prompt: "now there is room" })).status).toBe(202);
  });

  it("S1-23: a task with a higher priority goes before the waiting tasks", async () => {
    await stop();
    await fill(7);
    const { body } = await house.call("POST", "/api/tasks", { prompt: "vip", priority: 1 });
    expect(body).toMatchObject({ priority: 1, position: 1 });
  });

  it("S1-25: 429: an owner who submits too fast is refused with Retry-After, and other owners are not", async () => {
    await stop();
    await house.rows("update private.token_buckets set tokens = 0 where key = 'image-submissions:ann'");
    const refused = await house.call("POST", "/api/tasks", { prompt: "too fast" });
    expect(refused).toMatchObject({ status: 429, body: { code: "too_many_requests" } });
    expect(refused.headers.get("retry-after")).toBe("1");
    expect((await house.call("POST", "/api/tasks", { prompt: "mine" }, "bob")).status).toBe(202);
    await house.engine.advance("10s");
  });

  it.each([
    [{}, "prompt"],
    [{ prompt: "   " }, "prompt"],
    [{ prompt: "x".repeat(2001) }, "prompt"],
    // Each character has 9 bytes in the provider's address.
    [{ prompt: "漢".repeat(778) }, "prompt"],
    [{ prompt: "x", lane: "fast" }, "lane"],
    [{ prompt: "x", priority: 0 }, "priority"],
    [{ prompt: "x", deadlineAt: "tomorrow" }, "deadlineAt"],
  ])("400: %j is refused and the response names the field", async (body, field) => {
    const refused = await house.call("POST", "/api/tasks", body);
    expect(refused).toMatchObject({ status: 400, body: { code: "invalid_request" } });
    expect(refused.body.detail).toContain(field);
  });

  it.each(["/api/tasks", "/api/stats", "/api/queue-status"])("401: %s needs a key", async (path) => {
    const response = await house.fetchAs("nobody", "GET", path);
    expect(response.status).toBe(401);
  });
});

describe("S1-14: GET /api/stats", () => {
  it("reports waiting and processing tasks, the success rate and the average drawing time", async () => {
    const good = await house.submit();
    const bad = await house.submit("fail permanently");
    await until(good, "completed");
    await until(bad, "failed");
    await stop();
    await fill(6);
    const { body } = await house.call("GET", "/api/stats?lane=tasks");
    const [stats] = body.lanes;
    expect(body.lanes).toHaveLength(1);
    expect(stats).toMatchObject({ lane: "tasks", atOnce: 5, capacity: 100, waiting: 1 });
    expect(stats.canClear).toBe(false);
    const { lanes } = (await house.call("GET", "/api/stats?lane=tasks", undefined, "admin")).body;
    expect(lanes[0].canClear).toBe(true);
    expect(stats.processing + stats.retrying).toBe(5);
    expect(stats.successRate).toBeCloseTo(stats.completed / (stats.completed + stats.failed));
    expect(stats.successRate).toBeLessThan(1);
    expect(stats.averageMs).toBeGreaterThanOrEqual(0);
  });

  it("includes lanes without any task", async () => {
    const { body } = await house.call("GET", "/api/stats");
    expect(body.lanes.map(({ lane }: { lane: string }) => lane)).toEqual(["tasks", "demo"]);
  });
});

describe("S1-15: GET /api/queue/stream", () => {
  it("starts with a snapshot of the lane's tasks and continues with each change", async () => {
    await stop();
    const [first = ""] = await fill(2);
    const read = async (query: string) => {
      const response = await house.fetchAs("ann", "GET", `/api/queue/stream?${query}`, undefined, {
        accept: "application/json",
      });
      return (await response.json()).messages;
    };
    const [snapshot] = await read("lane=tasks");
    expect(snapshot.event).toBe("snapshot");
    const shown = snapshot.data.tasks.find(({ id }: { id: string }) => id === first);
    await house.call("DELETE", `/api/tasks/${first}`);
    const changes = await read(`lane=tasks&after=${snapshot.id}`);
    const change = changes.findLast(({ data }: { data: { id: string } }) => data.id === first);
    expect(change).toMatchObject({ event: "task", data: { status: "canceled" } });
    expect(change.data.revision).toBeGreaterThan(shown.revision);
    const elsewhere = await read(`lane=demo&after=${snapshot.id}`);
    expect(elsewhere.filter(({ event }: { event: string }) => event === "task")).toEqual([]);
  });
});
