import { afterEach, expect, test } from "vitest";
import { scheduleFunctions } from "#schedules/functions.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

const path = "/api/schedules/send-daily-report";
let shop: Workshop;
afterEach(() => shop.close());

/** 80 days of which the first are before the schedule was there; the answers to some statements are lost. */
async function open({ loses = () => false }: { loses?: (statement: string) => boolean } = {}) {
  const noon = new Date();
  noon.setUTCHours(12, 0, 0, 0);
  shop = await workshop({
    // After the day's slot in either half of the year, so that 80 days have 80 slots.
    start: noon,
    functions: scheduleFunctions,
    env: { REPORT_TIME_ZONE: "Europe/Berlin" },
    afterDatabase: (statement) => {
      if (loses(statement)) throw new TypeError("fetch failed: the answer was lost");
    },
  });
  await shop.app.keepHouse();
  const now = shop.engine.clock.now().getTime();
  return { from: new Date(now - 80 * 86_400_000).toISOString(), to: new Date(now).toISOString() };
}
const ticks = () =>
  shop.rows("select slot, fate, reason, job_id from schedule_ticks where schedule = 'send-daily-report'");
const reports = () => shop.rows("select event_data from jobs where function_id = 'send-daily-report'");
const completed = (id: string) =>
  shop.engine.waitFor(async () => (await shop.call("GET", `/api/jobs/${id}`)).body.status === "completed", {
    within: "2d",
  });

test("a backfill starts one job for each slot of the period, as its preview said, and a second one none", async () => {
  const period = await open();
  const preview = await shop.call("GET", `${path}/backfill-preview?${new URLSearchParams(period)}`);
  expect(preview.body).toMatchObject({ slots: 80, alreadyRun: 0, excluded: 0, starts: 80 });
  expect(preview.body.first).toHaveLength(20);
  const { jobId } = (await shop.call("POST", `${path}/backfill`, period)).body;
  await completed(jobId);
  const made = await ticks();
  expect(made).toHaveLength(80);
  expect(new Set(made.map(({ fate }) => fate))).toEqual(new Set(["fired"]));
  expect(made[0].reason).toMatch(/^backfilled by key:/);
  const slots = (await reports()).map(({ event_data }) => event_data.slot);
  expect(new Set(slots).size).toBe(80);
  expect(slots.every((slot: string) => slot.includes("T09:00"))).toBe(true);
  const again = (await shop.call("POST", `${path}/backfill`, period)).body.jobId;
  await completed(again);
  expect((await shop.call("GET", `/api/jobs/${again}`)).body.result).toMatchObject({ alreadyRun: 80 });
  expect(await reports()).toHaveLength(80);
});

test("a backfill runs a slot that was skipped while the schedule was paused", async () => {
  await open();
  await shop.call("POST", `${path}/pause`);
  await shop.engine.advance("48h");
  const { body } = await shop.call("POST", `${path}/resume`);
  expect(body.last.fate).toBe("skipped");
  const now = shop.engine.clock.now().getTime();
  const period = {
    from: new Date(now - 48 * 3_600_000).toISOString(),
    to: new Date(now).toISOString(),
  };
  const { jobId } = (await shop.call("POST", `${path}/backfill`, period)).body;
  await completed(jobId);
  expect((await ticks()).map(({ fate }) => fate)).toEqual(["fired", "fired"]);
  expect(await reports()).toHaveLength(2);
});

test("every slot has one job when answers to its statements are lost", async () => {
  let lost = 0;
  const period = await open({
    loses: (statement) => statement.endsWith("/backfill_slots") && lost++ < 2,
  });
  const { jobId } = (await shop.call("POST", `${path}/backfill`, period)).body;
  await completed(jobId);
  expect(lost).toBe(2);
  const slots = (await reports()).map(({ event_data }) => event_data.slot);
  expect(slots).toHaveLength(80);
  expect(new Set(slots).size).toBe(80);
});

test("slots of more than 90 days ago are refused, because the record of their jobs may be deleted", async () => {
  await open();
  await shop.engine.advance("24h");
  await shop.app.keepHouse();
  const [slot] = await shop.rows("select slot_at from schedule_ticks where schedule = 'send-daily-report'");
  const from = slot.slot_at.toISOString();
  const period = { from, to: new Date(slot.slot_at.getTime() + 1).toISOString() };
  await shop.engine.advance("85d");
  shop.down.engine = true;
  const late = (await shop.call("POST", `${path}/backfill`, period)).body;
  await shop.engine.advance("8d");
  shop.down.engine = false;
  // Each call deletes a batch of old rows.
  for (let count = 0; count < 3; count++) await shop.app.keepHouse();
  expect(await shop.rows("select from schedule_ticks where slot_at = $1", [from])).toEqual([]);
  const refused = { status: 400, body: { detail: expect.stringContaining("90 days") } };
  expect(await shop.call("POST", `${path}/backfill`, period)).toMatchObject(refused);
  const preview = `${path}/backfill-preview?${new URLSearchParams(period)}`;
  expect(await shop.call("GET", preview)).toMatchObject(refused);
  // A backfill that was accepted in time is refused when it runs too late.
  await shop.engine.waitFor(
    async () => (await shop.call("GET", `/api/jobs/${late.jobId}`)).body.status === "failed",
    { within: "2d" },
  );
  expect(await shop.rows("select from jobs where event_data ->> 'dueAt' = $1", [from])).toHaveLength(1);
});
