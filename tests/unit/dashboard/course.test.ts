import { describe, expect, it } from "vitest";
import { lasting } from "#dashboard/format.ts";
import type { JobDetails } from "#dashboard/types.ts";
import { courseOf, ticksOf } from "#dashboard/views/job/course.ts";

const start = Date.parse("2026-11-22T09:00:00Z");
const at = (seconds: number) => new Date(start + seconds * 1000).toISOString();
const seconds = (ms: number) => (ms - start) / 1000;

const job = (more: Partial<JobDetails>): JobDetails => ({
  id: "5f0c2b1a-7d54-4a57-9a55-0c7f3f4a3b11",
  kind: "report",
  function: "generate-report",
  event: "report/generate",
  status: "running",
  state: "running",
  revision: 1,
  requester: "key:a",
  owner: null,
  progress: null,
  result: null,
  error: null,
  priority: 3,
  createdAt: at(0),
  dueAt: at(300),
  deadlineAt: null,
  sentAt: at(0),
  startedAt: at(2),
  endedAt: null,
  updatedAt: at(2),
  waitingUntil: null,
  lastError: null,
  isPaused: false,
  subject: null,
  blocked: null,
  childCount: 0,
  links: { self: "", parent: null, children: "", deadLetters: "", reprocessOf: null, againOf: null },
  runs: [],
  timeline: [],
  ...more,
});
const run = (more: Partial<JobDetails["runs"][number]> = {}) => ({
  id: "r1",
  status: "running",
  attempts: 1,
  error: null,
  startedAt: at(2),
  endedAt: null,
  ...more,
});
let sequence = 0;
const entry = (type: string, second: number, data: object = {}) => {
  sequence += 1;
  return { sequence, type, at: at(second), data };
};

/** `[kind, from, to, outcome]` of every bar, by lane. */
const drawn = (details: JobDetails, now: number) =>
  courseOf(details, start + now * 1000).lanes.map(({ label, bars }) => [
    label,
    ...bars.map(({ kind, from, to, outcome }) => [kind, seconds(from), seconds(to), outcome]),
  ]);

describe("the chart of a job", () => {
  it("shows a queued job as waiting until now", () =>
    expect(drawn(job({ startedAt: null }), 7)).toEqual([["Line", ["queued", 0, 7, "none"]]]));

  it("shows a held job as held until its release", () =>
    expect(drawn(job({ timeline: [entry("released", 1)] }), 3)).toEqual([
      ["Line", ["held", 0, 1, "none"], ["queued", 1, 2, "none"]],
    ]));

  it("has a bar for each attempt and each pause, and a bar up to a future retry", () => {
    const timeline = [
      entry("running", 2, { runId: "r1", attempt: 1 }),
      entry("waiting", 4, { retryAt: at(8), attempt: 1, code: "provider_failed" }),
      entry("retrying", 8, { runId: "r1", attempt: 2 }),
      entry("waiting", 9, { retryAt: at(13), attempt: 2 }),
    ];
    const details = job({ runs: [run({ attempts: 2 })], timeline });
    expect(drawn(details, 10)[1]).toEqual([
      "Run 1",
      ["attempt", 2, 4, "failed"],
      ["pause", 4, 8, "none"],
      ["attempt", 8, 9, "failed"],
      ["pause", 9, 13, "none"],
    ]);
    expect(seconds(courseOf(details, start + 10_000).to)).toBe(13);
  });

  it("shows a failed attempt of 20 ms with its true length, and a pause until the retry", () => {
    const timeline = [
      entry("running", 2, { runId: "r1", attempt: 1 }),
      entry("waiting", 2.02, { runId: "r1", attempt: 1, retryAt: at(32), message: "refused" }),
    ];
    const details = job({ runs: [run()], timeline });
    expect(drawn(details, 10)[1]).toEqual([
      "Run 1",
      ["attempt", 2, 2.02, "failed"],
      ["pause", 2.02, 32, "none"],
    ]);
    const bars = courseOf(details, start + 10_000).lanes[1]?.bars ?? [];
    expect(bars.map(({ from, to }) => lasting(to - from))).toEqual(["20 ms", "30 s"]);
  });

  it("does not count an attempt twice when both the engine and the work record it", () => {
    const timeline = [
      entry("running", 2, { runId: "r1", attempt: 1 }),
      entry("waiting", 4, { retryAt: at(6), attempt: 1 }),
      entry("attempt", 6, { attempt: 2 }),
      entry("waiting", 7, { retryAt: at(9), attempt: 2 }),
      entry("retrying", 9, { runId: "r1", attempt: 9 }),
      entry("attempt", 9, { attempt: 3 }),
    ];
    const bars = courseOf(job({ runs: [run()], timeline }), start + 10_000).lanes[1]?.bars ?? [];
    expect(bars.map(({ label }) => label)).toEqual([
      "Attempt 1",
      "Pause before the retry",
      "Attempt 2",
      "Pause before the retry",
      "Attempt 3",
    ]);
    expect(bars.at(-1)?.outcome).toBe("running");
  });

  it("extends an attempt to the next one when no pause was recorded", () => {
    const timeline = [
      entry("running", 2, { runId: "r1" }),
      entry("retrying", 6, { runId: "r1", attempt: 2 }),
    ];
    const ended = run({ status: "completed", attempts: 2, endedAt: at(9) });
    const details = job({ status: "completed", endedAt: at(9), runs: [ended], timeline });
    expect(drawn(details, 99)[1]).toEqual([
      "Run 1",
      ["attempt", 2, 6, "failed"],
      ["attempt", 6, 9, "completed"],
    ]);
  });

  it("shows the parts of a job after the run that planned them", () => {
    const planned = run({ status: "completed", endedAt: at(3) });
    expect(drawn(job({ runs: [planned] }), 10)[2]).toEqual(["Parts", ["parts", 3, 10, "running"]]);
    const done = job({ runs: [planned], status: "completed", endedAt: at(20) });
    expect(drawn(done, 99)[2]).toEqual(["Parts", ["parts", 3, 20, "completed"]]);
  });

  it("has at most seven marks on its axis, whatever the duration", () => {
    expect(ticksOf({ from: 0, to: 23_000 })).toEqual([0, 5_000, 10_000, 15_000, 20_000]);
    for (const length of [50, 900, 61_000, 3_600_000, 86_400_000 * 30])
      expect(ticksOf({ from: 0, to: length }).length).toBeLessThanOrEqual(7);
  });
});
