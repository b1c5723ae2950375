import { randomUUID } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { monitoringFunctions } from "#monitoring/functions.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

let shop: Workshop;
afterEach(() => shop.close());

const open = async (env: Record<string, string> = {}) => {
  shop = await workshop({ env, functions: monitoringFunctions });
  return shop;
};

/** Inserts past work into the ledger. */
const ended = (kind: string, status: string, at: string) =>
  shop.rows(
    `insert into public.jobs (kind, function_id, event_id, event_name, status, requester, created_at, ready_at, due_at,
       ended_at, updated_at)
     values ($1, $1, gen_random_uuid()::text, 'test/work', $2, 'key:test', $3, $3, $3, $3, $3)`,
    [kind, status, at],
  );
const letter = (functionId: string, code: string, at: string) =>
  shop.rows(
    `insert into public.dead_letter_queue (event_name, event_data, event_id, run_id, function_id, error_code, fingerprint, failed_at)
     values ('test/work', '{}', 'e', gen_random_uuid()::text, $1, $2, 'f', $3)`,
    [functionId, code, at],
  );
const reports = async () =>
  (
    await shop.rows(
      "select result, started_at from public.jobs where kind = 'send-daily-report' order by started_at",
    )
  ).map(({ result, started_at }) => ({ ...result, at: new Date(started_at).toISOString() }));
/** Moves the clock to the next nine o'clock, when housekeeping fires the schedule. */
const nextReport = async () => {
  const { body } = await shop.call("GET", "/api/schedules/send-daily-report");
  await shop.engine.advance(`${Date.parse(body.next.at) - shop.engine.clock.now().getTime()}ms`);
  await shop.app.keepHouse();
  await shop.engine.idle();
  return (await reports()).at(-1);
};
const before = (time: string, hours: number) => new Date(Date.parse(time) - hours * 3_600_000).toISOString();

test("S3-9: at nine every day the report on yesterday becomes the job's result, and is posted to Slack", async () => {
  await open();
  const first = await nextReport();
  expect(first).toMatchObject({ kinds: [], failures: [], openLetters: 0, slack: "sent" });
  expect(first.at).toMatch(/T09:00/);
  const tomorrow = first.at;
  // Work that ends today is in the report of the next morning.
  for (const status of ["completed", "completed", "failed", "skipped"])
    await ended("resize", status, tomorrow);
  await ended("generate-image", "canceled", tomorrow);
  await ended("resize", "completed", before(tomorrow, 24));
  await letter("resize-image", "invalid_picture", tomorrow);
  await letter("resize-image", "invalid_picture", tomorrow);

  const second = await nextReport();
  expect(second).toMatchObject({
    day: first.at.slice(0, 10),
    timeZone: "UTC",
    kinds: [
      { kind: "generate-image", accepted: 1, completed: 0, failed: 0, canceled: 1, skipped: 0 },
      { kind: "resize", accepted: 4, completed: 2, failed: 1, canceled: 0, skipped: 1 },
      { kind: "send-daily-report", accepted: 1, completed: 1, failed: 0, canceled: 0, skipped: 0 },
    ],
    failures: [{ function: "resize-image", code: "invalid_picture", count: 2 }],
    openLetters: 2,
  });
  // Housekeeping alerts of the dead letters in another channel.
  const slack = (await shop.slack()).filter(({ channel }) => channel === "#reports");
  const fields = Object.fromEntries(
    (slack.at(-1)?.attachments[0]?.fields ?? []).map(({ title, value }) => [title, value]),
  );
  expect(slack).toHaveLength(2);
  expect(slack.at(-1)?.text).toBe(`Daily report for ${second.day}: 6 jobs accepted, 3 completed, 1 failed`);
  expect(fields).toMatchObject({
    resize: "4 accepted, 2 completed, 1 failed, 1 skipped",
    "resize-image failed with invalid_picture": "2",
    "dead letters waiting": "2",
  });
});

test("the report's hour and day follow the time zone, even when the clocks change", async () => {
  await open({ REPORT_TIME_ZONE: "America/New_York" });
  const { at } = await nextReport();
  expect(
    new Intl.DateTimeFormat("en", { timeZone: "America/New_York", hour: "numeric" }).format(new Date(at)),
  ).toBe("9 AM");
  // On 2026-03-08 New York loses an hour: midnight there moves from 05:00 to 04:00 UTC. It is the previous day until
  // midnight in New York, although in London two days have passed.
  for (const time of [
    "2026-03-08T04:59:59Z",
    "2026-03-08T05:00:00Z",
    "2026-03-09T03:59:59Z",
    "2026-03-09T04:00:00Z",
  ])
    await ended("edge", "completed", time);
  const [{ report }] = await shop.rows(
    "select public.report_on_yesterday('2026-03-10T03:00:00Z', 'America/New_York') as report",
  );
  expect(report).toMatchObject({ day: "2026-03-08", kinds: [{ kind: "edge", accepted: 2, completed: 2 }] });
});

test("a report that runs days late is on the day before it was due", async () => {
  await open();
  const { body } = await shop.call("GET", "/api/schedules/send-daily-report");
  await shop.engine.advance("72h");
  await shop.app.keepHouse();
  await shop.engine.idle();
  const newest = new Date(Date.parse(body.next.at) + 48 * 3_600_000);
  expect(await reports()).toMatchObject([{ day: before(newest.toISOString(), 24).slice(0, 10) }]);
  const { body: after } = await shop.call("GET", "/api/schedules/send-daily-report");
  expect(after.ticks.map(({ fate }: { fate: string }) => fate)).toEqual(["fired", "merged", "merged"]);
});

test("outside production nothing is posted to Slack, but the report is stored", async () => {
  await open({ RESEND_BASE_URL: "https://api.resend.com", NIGHTSHIFT_ENV: "development" });
  expect(await nextReport()).toMatchObject({ slack: "held", kinds: [] });
  expect(await shop.slack()).toEqual([]);
});

test("the report and the digest count all jobs of their days, when the kind keeps only one of them", async () => {
  // A Tuesday evening: the digest of Monday is late, and counts from Monday of the week before.
  const now = "2026-12-08T23:00:00Z";
  shop = await workshop({ start: new Date(now), functions: monitoringFunctions });
  await shop.rows("select private.register_work_kind($1)", [
    { function_id: "resize", event_name: "test/work", keep_completed: 1 },
  ]);
  const owner = randomUUID();
  for (const at of ["2026-11-30T09:01:00Z", "2026-12-01T00:00:00Z", "2026-12-07T10:00:00Z"])
    for (let n = 0; n < 2; n += 1) await ended("resize", "completed", at);
  await shop.rows("update jobs set owner = $1 where kind = 'resize'", [owner]);
  await shop.rows("insert into signups values ($1, 'ann@example.com', '', gen_random_uuid(), '2026-01-01')", [
    owner,
  ]);
  await shop.rows("insert into user_settings values ($1, 'UTC', true, '2026-01-01')", [owner]);
  await shop.app.keepHouse();
  const [{ report }] = await shop.rows("select report_on_yesterday($1, 'UTC') as report", [now]);
  expect(report.kinds).toContainEqual(expect.objectContaining({ kind: "resize", completed: 2 }));
  await shop.rows("select private.make_weekly_digests(10, $1)", [now]);
  expect(await shop.rows("select fields from mails")).toMatchObject([{ fields: { completed: 4 } }]);
});
