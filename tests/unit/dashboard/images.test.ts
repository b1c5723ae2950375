import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createClient } from "#client/index.ts";
import { inWords, retryWords, secondsUntil } from "#dashboard/views/images/countdown.ts";
import { groupTasks, placesOf } from "#dashboard/views/images/grouping.ts";
import { SEVERAL, STAGGER_MS, severalPrompts, submitStaggered } from "#dashboard/views/images/submit.ts";
import type { ImageTask } from "#dashboard/views/images/task.ts";

const now = Date.parse("2026-11-22T09:00:00Z");
const at = (seconds: number) => new Date(now + seconds * 1000).toISOString();

const task = (id: string, more: Partial<ImageTask> = {}): ImageTask => ({
  id,
  revision: 1,
  lane: "tasks",
  prompt: `Prompt ${id}`,
  status: "pending",
  priority: 3,
  sequence: 1,
  dueAt: at(300),
  attempts: 0,
  maxAttempts: 5,
  retryAt: null,
  position: null,
  imageUrl: null,
  thumbnailUrl: null,
  error: null,
  createdAt: at(0),
  startedAt: null,
  completedAt: null,
  jobUrl: `/api/jobs/${id}`,
  ...more,
  state: more.state ?? more.status ?? "pending",
});
const ids = (tasks: ImageTask[]) => tasks.map(({ id }) => id);

describe("the groups of image tasks", () => {
  it("S0-4: every task is in exactly one group, by its status", () => {
    const groups = groupTasks([
      task("a"),
      task("b", { status: "processing" }),
      task("c", { status: "waiting", retryAt: at(4) }),
      task("d", { status: "completed" }),
      task("e", { status: "failed" }),
      task("f", { status: "canceled" }),
      task("g", { status: "skipped" }),
    ]);
    expect(Object.entries(groups).map(([group, tasks]) => [group, ids(tasks)])).toEqual([
      ["processing", ["b"]],
      ["retrying", ["c"]],
      ["waiting", ["a"]],
      ["done", ["d"]],
      ["failed", ["e"]],
      ["canceled", ["f", "g"]],
    ]);
  });

  it("S1-16: a task's group follows its status: waiting, processing, done", () => {
    const groupOf = (status: ImageTask["status"]) =>
      Object.entries(groupTasks([task("a", { status })])).find(([, tasks]) => tasks.length > 0)?.[0];
    expect((["pending", "processing", "completed"] as const).map(groupOf)).toEqual([
      "waiting",
      "processing",
      "done",
    ]);
  });

  it("S1-19: of ten tasks five use the concurrency and five wait, and a task that waits for its retry counts as one of the first five", () => {
    const statuses = ["processing", "processing", "processing", "processing", "waiting"] as const;
    const groups = groupTasks([
      ...statuses.map((status, n) => task(`started ${n}`, { status })),
      ...[6, 7, 8, 9, 10].map((sequence) => task(`waiting ${sequence}`, { sequence })),
    ]);
    expect(placesOf(groups, 5)).toEqual({ taken: 5, free: 0 });
    expect(groups.waiting).toHaveLength(5);
    expect(placesOf(groupTasks([]), 5)).toEqual({ taken: 0, free: 5 });
    const ending = groupTasks([task("a", { status: "canceled", state: "canceling" })]);
    expect(placesOf(ending, 5)).toEqual({ taken: 0, free: 4 });
  });

  it("a place that another owner's task uses is not free, also when the statistics are older than the tasks", () => {
    const own = groupTasks([task("a", { status: "processing" }), task("b", { status: "processing" })]);
    expect(placesOf(own, 5, { processing: 3, retrying: 1 })).toEqual({ taken: 2, free: 1 });
    expect(placesOf(own, 5, { processing: 1, retrying: 0 })).toEqual({ taken: 2, free: 3 });
  });

  it("waiting tasks are ordered by due time, then by their order of acceptance", () => {
    const line = [
      task("c", { sequence: 3 }),
      task("b", { sequence: 2 }),
      task("vip", { sequence: 4, dueAt: at(60), priority: 2 }),
    ];
    expect(ids(groupTasks(line).waiting)).toEqual(["vip", "b", "c"]);
  });

  it("ended tasks are ordered latest first", () => {
    const done = [1, 3, 2].map((n) => task(`${n}`, { status: "completed", completedAt: at(n) }));
    expect(ids(groupTasks(done).done)).toEqual(["3", "2", "1"]);
  });
});

describe("S1-17: the countdown to a retry", () => {
  const retry = { attempts: 1, maxAttempts: 5, retryAt: at(4) };

  it("counts whole seconds down to zero", () => {
    const left = [0, 500, 1000, 3999, 4000, 60_000].map((ms) => secondsUntil(now + 4000, now + ms));
    expect(left).toEqual([4, 4, 3, 1, 0, 0]);
  });

  it("names the number of the next attempt", () => {
    expect(retryWords(retry, now)).toBe("Attempt 2 of 5 in 4 s");
    expect(retryWords(retry, now + 5000)).toBe("Attempt 2 of 5 begins");
  });

  it("shows long times in minutes and hours", () => {
    expect([0, 99, 100, 3600, 3660].map(inWords)).toEqual(["0 s", "99 s", "2 min", "1 h", "1 h 1 min"]);
  });
});

describe("submitting several prompts", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it(`S0-23: one click submits ${SEVERAL} prompts, of what was typed or of our own`, () => {
    expect(new Set(severalPrompts("")).size).toBe(5);
    expect(severalPrompts(" A cat ")).toEqual([1, 2, 3, 4, 5].map((n) => `A cat (${n})`));
  });

  it("S0-16: each begins 50 ms after the one before, without waiting for answers", async () => {
    const begun: Array<[string, number]> = [];
    const startedAt = Date.now();
    const answers = submitStaggered(["a", "b", "c"], STAGGER_MS, async (item) => {
      begun.push([item, Date.now() - startedAt]);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return item;
    });
    await vi.runAllTimersAsync();
    expect(begun).toEqual([
      ["a", 0],
      ["b", 50],
      ["c", 100],
    ]);
    expect(await answers).toHaveLength(3);
  });

  it("S0-16: a page that was busy for a while does not send all overdue prompts at once", async () => {
    vi.useRealTimers();
    const begun: number[] = [];
    setTimeout(function beBusy() {
      const end = performance.now() + 3 * STAGGER_MS;
      while (performance.now() < end);
    }, 5);
    await submitStaggered(["a", "b", "c"], STAGGER_MS, async () => begun.push(performance.now()));
    const [, second = 0, third = 0] = begun;
    // A timer may fire a millisecond early.
    expect(third - second).toBeGreaterThan(STAGGER_MS - 2);
  });

  it("S1-18: a refused prompt does not stop the others", async () => {
    const answers = submitStaggered([1, 2, 3], STAGGER_MS, async (n) => {
      if (n === 2) throw new Error("Queue full");
      return n;
    });
    await vi.runAllTimersAsync();
    expect((await answers).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });
});

it("S0-26: without a stream the lane is polled every two seconds, with the same result", async () => {
  const end = new AbortController();
  const slept: number[] = [];
  const answers = [
    [{ event: "snapshot", data: { tasks: [task("a")] } }],
    [{ event: "task", data: task("a", { status: "processing", revision: 2 }) }],
  ];
  const seen: string[][] = [];
  const client = createClient(
    {
      // A request for a stream gets an answer that is no stream.
      fetch: async (_input, init) => {
        const isPoll = new Headers(init?.headers).get("accept") === "application/json";
        return Response.json({ messages: isPoll ? answers.shift() : [] });
      },
    },
    {
      random: () => 0,
      async sleep(ms) {
        slept.push(ms);
        if (slept.length === 2) end.abort();
      },
    },
  );
  await client.watch<ImageTask>({
    path: "/api/queue/stream",
    signal: end.signal,
    onChange: ({ tasks }) => seen.push([...tasks.values()].map(({ status }) => status)),
  });
  expect(slept).toEqual([2000, 2000]);
  expect(seen).toEqual([["pending"], ["processing"]]);
});
