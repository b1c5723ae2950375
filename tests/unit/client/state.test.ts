import { describe, expect, test } from "vitest";
import { type Job, type LiveState, type Message, nothingKnown, reduce } from "#client/state.ts";

const job = (id: string, revision: number, more: Partial<Job> = {}): Job => ({
  id,
  revision,
  kind: "walk",
  function: "walk",
  event: "test/walk",
  status: "running",
  state: "running",
  requester: "key:a",
  owner: "ann",
  progress: null,
  result: null,
  error: null,
  priority: 3,
  createdAt: "2026-01-01T00:00:00Z",
  dueAt: "2026-01-01T00:05:00Z",
  deadlineAt: null,
  sentAt: null,
  startedAt: null,
  endedAt: null,
  updatedAt: "2026-01-01T00:00:00Z",
  isPaused: false,
  subject: null,
  blocked: null,
  links: { self: "", parent: null, children: "", deadLetters: "", reprocessOf: null, againOf: null },
  ...more,
});
const progress = (done: number) => ({ done, total: 10, percent: done * 10 });
const after = (...messages: Message[]): LiveState => messages.reduce<LiveState>(reduce, nothingKnown);
const note = (id: string, readAt: string | null = null) => ({
  id,
  type: "NEW_MESSAGE",
  userId: "ann",
  data: {},
  createdAt: "",
  readAt,
});

describe("the state of a stream or a poll", () => {
  test("is not changed by a repeated or older message", () => {
    const state = after({ event: "job", data: job("a", 2) });
    expect(reduce(state, { event: "job", data: job("a", 1, { status: "queued" }) })).toBe(state);
    expect(after({ event: "job", data: job("a", 2) }, { event: "job", data: job("a", 2) })).toEqual(state);
  });

  test("S3-10: takes progress only for known jobs, and only forward", () => {
    const state = after(
      { event: "job", data: job("a", 1) },
      {
        event: "progress",
        data: {
          id: "a",
          progress: progress(4),
          waitingUntil: "2026-11-22T12:00:00Z",
          lastError: null,
          blocked: null,
        },
      },
      {
        event: "progress",
        data: { id: "a", progress: progress(3), waitingUntil: null, lastError: null, blocked: null },
      },
      {
        event: "progress",
        data: { id: "unknown", progress: progress(9), waitingUntil: null, lastError: null, blocked: null },
      },
    );
    expect([...state.jobs.values()]).toEqual([
      job("a", 1, {
        progress: progress(4),
        waitingUntil: "2026-11-22T12:00:00Z",
        lastError: null,
        blocked: null,
      }),
    ]);
    // A state of the ledger from before that progress.
    expect(reduce(state, { event: "job", data: job("a", 1) })).toBe(state);
  });

  test("is replaced by a snapshot, and loses a job that is reported as gone", () => {
    const state = after(
      { event: "job", data: job("old", 9) },
      { event: "snapshot", data: { jobs: [job("a", 1), job("b", 1)], notifications: [note("n")] } },
      { event: "gone", data: { id: "b" } },
    );
    expect([...state.jobs.keys()]).toEqual(["a"]);
    expect(state.notifications).toEqual([note("n")]);
  });

  test("has notifications newest first, and a notification that was read keeps its position", () => {
    const state = after(
      { event: "notification", data: note("1") },
      { event: "notification", data: note("2") },
      { event: "notification", data: note("1", "now") },
    );
    expect(state.notifications).toEqual([note("1", "now"), note("2")]);
  });

  test("drops the jobs and tasks that ended first beyond 1,000", () => {
    const at = (n: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, n)).toISOString();
    const ended = (n: number) => job(`e${n}`, 1, { endedAt: at(n) });
    const jobs = [job("unfinished", 1), ...Array.from({ length: 999 }, (_, n) => ended(n))];
    const drawn = (n: number) => ({ id: `e${n}`, revision: 1, completedAt: at(n) });
    const waits = { id: "unfinished", revision: 1, completedAt: null };
    const tasks = [waits, ...Array.from({ length: 999 }, (_, n) => drawn(n))];
    const state = after(
      { event: "snapshot", data: { jobs, tasks } },
      { event: "job", data: ended(999) },
      { event: "task", data: drawn(999) },
    );
    for (const items of [state.jobs, state.tasks]) {
      expect(items.size).toBe(1000);
      expect(["unfinished", "e0", "e999"].map((id) => items.has(id))).toEqual([true, false, true]);
    }
  });

  test("is not changed by an unknown message", () => {
    const state = after({ event: "job", data: job("a", 1) });
    expect(reduce(state, JSON.parse('{"event":"weather","data":{"rain":true}}'))).toBe(state);
  });
});
