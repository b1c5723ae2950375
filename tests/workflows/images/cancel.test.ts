import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type LiveState, type Message, nothingKnown, reduce } from "#client/state.ts";
import type { TaskView } from "#images/task.ts";
import { type ImageQueueHouse, imageQueueHouse } from "../../support/image-queue-house.ts";

let house: ImageQueueHouse;
beforeAll(async () => {
  house = await imageQueueHouse();
});
afterEach(() => house.calm());
afterAll(() => house.close());

const statusOf = async (id: string) => (await house.task(id)).status;
const until = (id: string, status: string) =>
  house.engine.waitFor(async () => (await statusOf(id)) === status, { within: "1h" });
const cancel = (id: string) => house.call("DELETE", `/api/tasks/${id}`);
/** While the provider holds a picture the engine's clock stops, so this waits in real time. */
const really = async (condition: () => Promise<boolean>) => {
  while (!(await condition())) await pause(5);
};
const inFlight = async () => (await house.control()).stats.inFlight;
/** Follows the queue as a client does, and returns the state so far. */
const follower = () => {
  let state: LiveState<TaskView> = nothingKnown;
  let after = "";
  return async () => {
    const path = `/api/queue/stream${after}`;
    const answer = await house.fetchAs("ann", "GET", path, undefined, { accept: "application/json" });
    const { messages }: { messages: Message<TaskView>[] } = await answer.json();
    state = messages.reduce(reduce<TaskView>, state);
    after = `?after=${messages.at(-1)?.id}`;
    return state.tasks;
  };
};
const fill = async (count: number) => {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) ids.push(await house.submit(`boat ${n}`));
  return ids;
};

describe("DELETE /api/tasks/:id", () => {
  it("S1-13: a pending task that is canceled is never drawn", async () => {
    await house.control("", { outage: 503 });
    const [pending = ""] = (await fill(6)).slice(5);
    expect(await cancel(pending)).toMatchObject({
      status: 202,
      body: { status: "canceled", position: null },
    });
    await house.control("", { outage: null });
    await house.engine.advance("1h");
    expect(await statusOf(pending)).toBe("canceled");
    const { drawings } = await house.control("/drawings");
    expect(drawings.map(({ prompt }: { prompt: string }) => prompt)).not.toContain("boat 5");
  });

  it("T28: canceling a task that waits for its retry starts the next task at once, and the canceled one is not drawn again", async () => {
    await house.control("", { outage: 503 });
    const ids = await fill(6);
    const [sleeping = ""] = ids;
    const next = String(ids[5]);
    await until(sleeping, "waiting");
    await house.control("", { outage: null });
    const before = (await house.control()).stats.requests;
    expect(await cancel(sleeping)).toMatchObject({
      status: 202,
      body: { status: "canceled", state: "canceled" },
    });
    await until(next, "completed");
    await house.engine.advance("1h");
    expect(await statusOf(sleeping)).toBe("canceled");
    // The four others and the next one; the canceled one is never requested again.
    expect((await house.control()).stats.requests - before).toBe(5);
  });

  it("T28: canceling a task that is being drawn takes effect at once, and the next task starts when the drawing is over", async () => {
    const known = follower();
    await known();
    await house.control("", { hold: true });
    const ids = await fill(6);
    await really(async () => (await inFlight()) === 5);
    const [drawing = ""] = ids;
    const next = String(ids[5]);
    expect(await cancel(drawing)).toMatchObject({
      status: 202,
      body: { status: "canceled", state: "canceling" },
    });
    expect(await statusOf(next)).toBe("pending");
    expect(await inFlight()).toBe(5);
    expect((await known()).get(drawing)).toEqual(await house.task(drawing));

    await house.control("", { hold: false });
    await until(next, "completed");
    await house.engine.idle();
    expect(await house.task(drawing)).toMatchObject({
      status: "canceled",
      state: "canceled",
      imageUrl: null,
    });
    for (const [id, task] of await known()) expect(task).toEqual(await house.task(id));
    expect((await house.control()).stats.maxInFlight).toBe(5);
    expect((await house.fetchAs("admin", "GET", `/api/tasks/${drawing}/image`)).status).toBe(404);
  });

  it("a task that has ended cannot be canceled, and a task of another owner is not found", async () => {
    const id = await house.submit();
    expect(await house.call("DELETE", `/api/tasks/${id}`, undefined, "bob")).toMatchObject({ status: 404 });
    await until(id, "completed");
    expect(await cancel(id)).toMatchObject({ status: 409, body: { code: "job_ended" } });
  });
});

it("canceling the job cancels its task, and the event of the task that starts next is sent", async () => {
  await house.control("", { outage: 503 });
  const ids = await fill(6);
  await until(String(ids[0]), "waiting");
  await house.control("", { outage: null });
  await house.call("DELETE", `/api/jobs/${ids[0]}`);
  expect(await statusOf(String(ids[0]))).toBe("canceled");
  await until(String(ids[5]), "completed");
});

it("S0-11: only an administrator can clear the queue, which also cancels the tasks being processed", async () => {
  await house.control("", { outage: 503 });
  for (let n = 0; n < 8; n++) await house.call("POST", "/api/queue-task", { prompt: `demo ${n}` });
  expect((await house.call("POST", "/api/clear-queue", {})).status).toBe(403);
  expect(await house.call("POST", "/api/clear-queue", {}, "admin")).toMatchObject({
    status: 200,
    body: { success: true, canceled: 8 },
  });
  await house.engine.advance("1h");
  const status = await house.call("GET", "/api/queue-status");
  expect(status.body).toEqual({ queue: [], processing: [], completed: [], tasks: {} });
  const { body } = await house.call("GET", "/api/tasks?lane=demo");
  expect(body.items.map(({ status }: { status: string }) => status)).toEqual(Array(8).fill("canceled"));
});

it("T29: a task whose deadline passes while it is pending is skipped, and the next task starts", async () => {
  await house.control("", { outage: 503 });
  await fill(5);
  const deadlineAt = new Date(house.engine.clock.now().getTime() + 5_000).toISOString();
  const late = await house.submit("too late", { deadlineAt });
  const next = await house.submit("in time");
  await house.engine.advance("6s");
  await house.control("", { outage: null });
  await until(next, "completed");
  expect(await statusOf(late)).toBe("skipped");
});

it("T29: a task whose deadline passes before its retry is skipped, and the next task starts", async () => {
  await house.control("", { outage: 503 });
  const deadlineAt = new Date(house.engine.clock.now().getTime() + 5_000).toISOString();
  const ids: string[] = [];
  for (let n = 0; n < 5; n++) ids.push(await house.submit("too late", { deadlineAt }));
  const next = await house.submit("in time");
  for (const id of ids) await until(id, "skipped");
  await house.control("", { outage: null });
  await until(next, "completed");
  expect((await house.call("GET", `/api/jobs/${ids[0]}`)).body).toMatchObject({
    status: "skipped",
    result: { reason: "deadline_passed" },
  });
});

it("S4-53: a task whose deadline passes while it is drawn is given up and skipped, and the next task starts", async () => {
  await house.control("", { hold: true });
  const deadlineAt = new Date(house.engine.clock.now().getTime() + 50).toISOString();
  const late = await house.submit("too late", { deadlineAt });
  const others = await fill(4);
  const next = await house.submit("in time");
  await really(async () => (await statusOf(late)) === "skipped");
  await really(async () => (await house.task(next)).attempts === 1);
  expect(await house.task(late)).toMatchObject({ attempts: 1, retryAt: null, error: null, imageUrl: null });
  expect((await house.call("GET", `/api/jobs/${late}`)).body).toMatchObject({
    status: "skipped",
    result: { reason: "deadline_passed" },
    runs: [{ status: "completed" }],
  });
  expect(await house.rows("select from dead_letter_queue where job_id = $1", late)).toEqual([]);

  await house.control("", { hold: false });
  for (const id of [...others, next]) await until(id, "completed");
  const { drawings } = await house.control("/drawings");
  const asked = drawings.filter(({ prompt }: { prompt: string }) => prompt === "too late");
  expect(asked).toMatchObject([{ status: "gone" }]);
});
