import { describe, expect, test, vi } from "vitest";
import { settleQuietRuns } from "#dead-letters/settle-quiet-runs.ts";
import type { QuietRun } from "#jobs/rows.ts";
import type { EngineRun } from "#lib/engine/engine-api.ts";

const now = new Date("2026-11-02T12:00:00Z");
const hoursAgo = (hours: number) => new Date(now.getTime() - hours * 3_600_000).toISOString();
const quiet = (extra: Partial<QuietRun> = {}): QuietRun => ({
  job_id: "8c2a5c58-1f0e-4a0a-9c1d-0a1b2c3d4e5f",
  is_fan_out: false,
  run_id: "01RUN",
  event_id: "event-1",
  function_id: "ship-order",
  event_name: "test/order.paid",
  event_data: { orderId: "1" },
  quiet_since: hoursAgo(1),
  ...extra,
});

async function look(known: EngineRun | null, run = quiet()) {
  const jobs = { takeQuietRuns: async () => [run], finishRun: vi.fn(), cancelRun: vi.fn() };
  const letters = { record: vi.fn() };
  const engine = { run: async () => known };
  const report = await settleQuietRuns({ jobs, letters, engine, clock: { now: () => now } }).run({
    isOver: () => false,
  });
  return { report, jobs, letters };
}
const ids = { eventId: "event-1", functionId: "ship-order", runId: "01RUN" };

describe("a run that has reported nothing for long", () => {
  test("is completed with its result when the engine says so", async () => {
    const { jobs, report } = await look({ status: "Completed", output: { shipped: true } });
    expect(jobs.finishRun).toHaveBeenCalledWith(ids, { shipped: true });
    expect(report).toEqual({ quiet: 1, settled: 1 });
  });

  test("is canceled when the engine says so", async () => {
    const { jobs } = await look({ status: "Cancelled" });
    expect(jobs.cancelRun).toHaveBeenCalledWith(ids);
  });

  test("becomes a dead letter with the error's code when the engine says that it failed", async () => {
    const { letters } = await look({
      status: "Failed",
      output: { name: "Error", message: "x", cause: { code: "conflict" } },
    });
    expect(letters.record).toHaveBeenCalledWith(
      expect.objectContaining({
        ...ids,
        eventData: { orderId: "1" },
        error: expect.objectContaining({ code: "conflict" }),
      }),
    );
  });

  test.each(["Running", "Scheduled", "Unknown"])("is left alone while the engine says %s", async (status) => {
    const { report } = await look({ status });
    expect(report).toEqual({ quiet: 1, settled: 0 });
  });

  test("becomes a dead letter after a day when the engine does not know it", async () => {
    expect((await look(null)).report).toMatchObject({ settled: 0 });
    const { letters } = await look(null, quiet({ quiet_since: hoursAgo(26) }));
    expect(letters.record).toHaveBeenCalledWith(
      expect.objectContaining({ error: expect.objectContaining({ code: "outcome_unknown" }) }),
    );
  });
});

describe("a fanned-out job without progress for long", () => {
  const fanOut = (hours: number) =>
    look({ status: "Completed" }, quiet({ is_fan_out: true, quiet_since: hoursAgo(hours) }));

  test("is left alone for a day, although its planning run has ended", async () => {
    const { report, jobs, letters } = await fanOut(24);
    expect(report).toEqual({ quiet: 1, settled: 0 });
    expect(jobs.finishRun).not.toHaveBeenCalled();
    expect(letters.record).not.toHaveBeenCalled();
  });

  test("becomes a dead letter after that", async () => {
    const { letters } = await fanOut(26);
    expect(letters.record).toHaveBeenCalledWith(
      expect.objectContaining({ ...ids, error: expect.objectContaining({ code: "outcome_unknown" }) }),
    );
  });
});

test("a run that cannot be recorded is reported, and the other runs are still checked", async () => {
  const runs = ["01A", "01BAD", "01C"].map((run_id) => quiet({ run_id }));
  const finishRun = vi.fn(({ runId }: { runId: string }) =>
    runId === "01BAD" ? Promise.reject(new Error("cannot be stored")) : Promise.resolve(null),
  );
  const chore = settleQuietRuns({
    jobs: { takeQuietRuns: async () => runs, finishRun, cancelRun: vi.fn() },
    letters: { record: vi.fn() },
    engine: { run: async () => ({ status: "Completed" }) },
    clock: { now: () => now },
  });
  await expect(chore.run({ isOver: () => false })).rejects.toThrow("1 failed (01BAD), 2 done");
  expect(finishRun.mock.calls.map(([{ runId }]) => runId)).toEqual(["01A", "01BAD", "01C"]);
});
