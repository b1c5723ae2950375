import { randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createDatabase } from "#lib/database/client.ts";
import type { SlackMessage } from "#lib/outside/slack.ts";
import type { Schedule } from "#lib/schedule.ts";
import { alertsRepository } from "#monitoring/alerts-repository.ts";
import { monitor } from "#monitoring/monitor.ts";
import { REMIND_AFTER_MINUTES, RULE_NAMES } from "#monitoring/thresholds.ts";
import { testEnv } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let now: Date;
let told: SlackMessage[] = [];
let slackIsDown = false;
let duringSlack = async (): Promise<void> => {};
const START = "2026-11-02T12:00:00Z";
const TIDY: Schedule = {
  name: "tidy",
  summary: "Tidies",
  cron: "*/5 * * * *",
  timeZone: "UTC",
  overlap: "skip",
  missed: "once",
  task: "tidy",
};
const clock = { now: () => now };
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await sql("truncate alerts, jobs, dead_letter_queue, schedules, webhook_endpoints, mails cascade");
  await sql("update private.monitor set looked_at = null, canary_job_id = null, canary_sent_at = null");
  now = new Date(START);
  told = [];
  slackIsDown = false;
});

const sql = async (text: string, ...values: unknown[]) => (await database.sql.query(text, values)).rows;
type Look = { env?: Record<string, string>; mode?: "send" | "hold" };
async function look({ env = {}, mode = "send" }: Look = {}) {
  const settings = testEnv(database, { CANARY_MINUTES: "60", ...env });
  const chore = monitor({
    env: settings,
    alerts: alertsRepository(createDatabase(settings, database.fetch), clock),
    schedules: [TIDY],
    clock,
    slack: {
      async send(message) {
        if (slackIsDown) throw new TypeError("fetch failed");
        await duringSlack();
        told.push(message);
        return "sent";
      },
    },
    mailMode: async () => (mode === "send" ? { mode } : { mode, reason: "a copy" }),
    checkIn: async () => true,
  });
  return chore.run({ isOver: () => false });
}
const later = (minutes: number) => {
  now = new Date(now.getTime() + minutes * 60_000);
};
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000).toISOString();
const open = () =>
  sql("select rule, subject, status, value from alerts where status <> 'resolved' order by rule, subject");

type Row = {
  count?: number;
  status?: string;
  priority?: number;
  kind?: string;
  /** Seconds ago. */
  ready?: number;
  due?: number;
  sent?: number | null;
  started?: number | null;
  ended?: number | null;
  total?: number | null;
};
const jobs = (row: Row) => {
  const { count = 1, status = "queued", priority = 4, kind = "tidy", ready = 0, total = null } = row;
  const { sent = ready, started = null, ended = null, due = -7200 } = row;
  const at = (seconds: number | null) => (seconds === null ? null : ago(seconds));
  return sql(
    `insert into jobs (kind, function_id, event_id, event_name, status, requester, priority, created_at, ready_at,
       due_at, released_at, sent_at, started_at, ended_at, updated_at, progress_done, progress_total)
     select $1, $1, gen_random_uuid()::text, 'test/work', $2, 'key:test', $3, $4, $4, greatest($5::timestamptz, $4), $4, $6, $7, $8,
       coalesce($8::timestamptz, $4), 0 * $9::bigint, $9 from generate_series(1, $10::integer)`,
    kind,
    status,
    priority,
    at(ready),
    at(due),
    at(sent),
    at(started),
    at(ended),
    total,
    count,
  );
};
const ended = (count: number, status = "completed") =>
  jobs({ count, status, ready: 60, started: 60, ended: 60 });
const letters = (count: number) =>
  sql(
    `insert into dead_letter_queue (event_name, event_data, event_id, run_id, function_id, error_code, fingerprint, failed_at)
     select 'test/work', '{}', 'e', gen_random_uuid()::text, 'tidy', 'internal', 'f', $1 from generate_series(1, $2::integer)`,
    ago(60),
    count,
  );
const endpoint = (reason: string, disabledAt: string) =>
  sql(
    `insert into webhook_endpoints (id, owner, url, event_types, per_second, policy, status, disabled_reason, disabled_at, created_at, updated_at)
     values ($1::uuid, 'ann', 'https://example.com/' || $1::text, '{*}', 1, 'usual', 'disabled', $2, $3, $3, $3)`,
    randomUUID(),
    reason,
    disabledAt,
  );
const retries = async (count: number) => {
  const [job] = await sql("select id from jobs limit 1");
  await sql(
    `insert into job_events (job_id, sequence, type, at)
     select $1, n, 'retrying', $2 from generate_series(1, $3::integer) as n`,
    job.id,
    ago(60),
    count,
  );
};
/** The slots of the schedule are decided up to so many seconds ago, and the monitor last looked so many seconds ago. */
const ticker = async (checked: number, looked: number) => {
  await sql("update private.monitor set looked_at = $1", ago(looked));
  await sql(
    `insert into schedules (name, cron, time_zone, checked_until) values ('tidy', '*/5 * * * *', 'UTC', $1)
     on conflict (name) do update set checked_until = excluded.checked_until`,
    ago(checked),
  );
};
/** A schedule asked for the task so many seconds ago, and the monitor last looked so many seconds ago. */
const task = async (wanted: number, looked: number) => {
  await sql("update private.monitor set looked_at = $1", ago(looked));
  await sql(
    "update private.maintenance_tasks set wanted_at = $1, slot_at = $1 where name = 'refresh-cache'",
    ago(wanted),
  );
};
const canary = async (status: string, seconds: number) => {
  await jobs({
    kind: "canary",
    status,
    ready: seconds,
    started: status === "queued" ? null : seconds,
    ended: status === "queued" ? null : seconds,
    priority: 5,
  });
  await sql(
    "update private.monitor set canary_job_id = (select id from jobs where kind = 'canary'), canary_sent_at = $1",
    ago(seconds),
  );
};
const stoppedCampaign = async (hours: number) => {
  const [list] = await sql(
    "insert into email_lists (owner, name, created_at) values ('ann', 'l', $1) returning id",
    ago(0),
  );
  await sql(
    `insert into campaigns (owner, list_id, name, subject, text, sender, status, stopped_at, created_at)
     values ('ann', $1, 'n', 's', 't', 'a@example.com', 'sending', $2, $2)`,
    list.id,
    ago(hours * 3600),
  );
};
const gone = "delete from jobs";

type Case = {
  rule: string;
  subject?: string;
  /** At the limit: nothing fires. */
  fine: () => Promise<unknown>;
  /** Beyond it. */
  wrong: () => Promise<unknown>;
  cure?: string;
  /** A rule that is at its limit anyway when this one fires. */
  beside?: string[];
};

const CASES: Case[] = [
  {
    rule: "queue-depth",
    fine: () => jobs({ count: 1000 }),
    wrong: () => jobs({ count: 1 }),
  },
  {
    rule: "queue-depth-critical",
    fine: () => jobs({ count: 10_000 }),
    wrong: () => jobs({ count: 1 }),
    beside: ["queue-depth"],
  },
  ...[60, 300, 900, 7200, 129_600].map(
    (seconds, n): Case => ({
      rule: "oldest-waiting",
      subject: `P${n + 1}`,
      fine: () => jobs({ priority: n + 1, ready: seconds, due: -1 }),
      wrong: () => jobs({ priority: n + 1, ready: seconds + 1, due: -1 }),
    }),
  ),
  {
    rule: "processing-time",
    subject: "tidy",
    // Work in parts takes as long as its parts, and four of a kind are too few.
    fine: async () => {
      await jobs({ count: 9, status: "completed", ready: 3000, started: 3000, ended: 60, total: 10 });
      await jobs({ count: 4, status: "completed", ready: 3000, started: 3000, ended: 60 });
    },
    wrong: () => jobs({ status: "completed", ready: 100, started: 91, ended: 60 }),
  },
  {
    rule: "failure-rate",
    fine: async () => {
      await ended(95);
      await ended(5, "failed");
    },
    wrong: () => ended(1, "failed"),
  },
  {
    rule: "retry-rate",
    fine: async () => {
      await jobs({ count: 24, status: "completed", ready: 60, started: 60, ended: 60 });
      await retries(6);
    },
    wrong: () =>
      sql(
        "insert into job_events (job_id, sequence, type, at) select job_id, 99, 'attempt', at from job_events limit 1",
      ),
  },
  {
    rule: "dead-letters",
    fine: () => letters(10),
    wrong: () => letters(1),
    cure: "delete from dead_letter_queue",
  },
  {
    rule: "throughput",
    fine: async () => {
      await jobs({ count: 9, ready: 301 });
      await ended(9);
    },
    wrong: () => jobs({ count: 1, ready: 301 }),
  },
  {
    rule: "promise-burn",
    subject: "P3",
    // Of P3, 14 of 100 are late. Of P2, 41 of 121 are, but in the last five minutes only 1 of 21.
    fine: async () => {
      await jobs({ count: 86, priority: 3, status: "running", ready: 60, started: 60, due: 60 });
      await jobs({ count: 14, priority: 3, status: "running", ready: 90, started: 60, due: 61 });
      await jobs({ count: 60, priority: 2, status: "running", ready: 600, started: 600, due: 600 });
      await jobs({ count: 40, priority: 2, status: "running", ready: 900, started: 600, due: 601 });
      await jobs({ count: 20, priority: 2, status: "running", ready: 60, started: 60, due: 60 });
      await jobs({ count: 1, priority: 2, status: "running", ready: 90, started: 60, due: 61 });
    },
    wrong: () => jobs({ count: 1, priority: 3, status: "running", ready: 90, started: 60, due: 61 }),
  },
  {
    rule: "promise-late",
    subject: "P3",
    fine: async () => {
      await jobs({ count: 5, priority: 3, status: "running", ready: 90, started: 60, due: 61 });
      await jobs({ count: 9, priority: 2, status: "running", ready: 900, started: 600, due: 601 });
    },
    wrong: () => jobs({ count: 1, priority: 3, ready: 20, due: 1 }),
  },
  {
    rule: "outbox-lag",
    fine: () => jobs({ ready: 600, sent: null }),
    wrong: () => jobs({ ready: 601, sent: null }),
  },
  {
    rule: "missed-ticks",
    subject: "tidy",
    // Downtime of housekeeping: no slot was decided, but the monitor did not look either.
    fine: () => ticker(3600, 3601),
    wrong: () => ticker(301, 300),
    cure: "update schedules set checked_until = '2026-11-02T23:00:00Z'",
  },
  {
    rule: "late-tasks",
    subject: "refresh-cache",
    // Asked for an hour ago; and not run for days, but it was not due yet when the monitor last looked.
    fine: async () => {
      await task(3600, 300);
      await sql(
        "update private.maintenance_tasks set run_at = $1 where name = 'daily-cleanup'",
        ago(25 * 3600 + 299),
      );
    },
    wrong: () => task(3601, 300),
    cure: "update private.maintenance_tasks set wanted_at = null, slot_at = null, run_at = null",
  },
  {
    rule: "disabled-endpoints",
    fine: async () => {
      await endpoint("user", ago(60));
      await endpoint("failing", ago(25 * 3600));
    },
    wrong: () => endpoint("failing", ago(60)),
    cure: "delete from webhook_endpoints",
  },
  {
    rule: "refused-campaigns",
    fine: () => stoppedCampaign(25),
    wrong: () => stoppedCampaign(1),
    cure: "update campaigns set stopped_at = null",
  },
  {
    rule: "paused-work",
    subject: "generate-image",
    fine: () => sql("select pause_work('generate-image', 'key:a', $1)", ago(86_400)),
    wrong: () => sql("update private.pauses set paused_at = $1", ago(86_401)),
    cure: "delete from private.pauses",
  },
  {
    rule: "canary",
    fine: () => canary("completed", 3000),
    wrong: () => sql("update jobs set status = 'failed' where kind = 'canary'"),
  },
];

describe("S4-42: each rule fires beyond its limit, not at it, and is resolved when it is over", () => {
  test.each(CASES)(
    "$rule $subject",
    async ({ rule, subject = "", fine, wrong, cure = gone, beside = [] }) => {
      await fine();
      await look();
      expect((await open()).map((alert) => alert.rule)).toEqual(beside);

      await wrong();
      await look();
      const alert = (await open()).find((one) => one.rule === rule);
      expect(alert).toMatchObject({ rule, subject, status: "open" });
      expect((await open()).map((one) => one.rule)).toEqual([...beside, rule].toSorted());
      const message = told.at(-1);
      expect(message).toMatchObject({ channel: "#alerts", details: { runbook: `docs/runbooks/${rule}.md` } });
      // The query runs as it is, and its first three rows are the offenders.
      const query = String(message?.details["query"]).replaceAll(
        "now()",
        `'${now.toISOString()}'::timestamptz`,
      );
      const rows = await sql(`select to_jsonb(found) as row from (${query} limit 3) as found`);
      expect(rows).not.toEqual([]);
      const offenders = Object.entries(message?.details ?? {}).filter(([key]) => key.startsWith("offender"));
      expect(offenders.map(([, text]) => JSON.parse(String(text)))).toEqual(rows.map(({ row }) => row));

      await sql(cure);
      later(5);
      await look();
      later(5);
      await look();
      expect(await open()).toEqual([]);
      expect(told.filter(({ text }) => text.startsWith("Resolved: "))).toHaveLength(1 + beside.length);
    },
  );

  test("every rule has a case here, a row in the database, and a runbook", async () => {
    expect([...new Set(CASES.map(({ rule }) => rule))].toSorted()).toEqual(RULE_NAMES.toSorted());
    const rows = await sql("select rule from private.alert_rules order by rule");
    expect(rows.map(({ rule }) => rule)).toEqual(RULE_NAMES.toSorted());
    const files = readdirSync("docs/runbooks").filter((name) => name !== "README.md");
    expect(files.toSorted()).toEqual(RULE_NAMES.map((rule) => `${rule}.md`).toSorted());
  });
});

const slackTexts = () => told.map(({ text }) => text);
const HEADLINE = "Many dead letters in the last hour: 11 letters, the limit is 10 letters";

test("S4-45: more than ten dead letters in the last hour alert #alerts once, with severity warning", async () => {
  await letters(10);
  expect(await look()).toMatchObject({ dlqCount: 10, alerted: 0, opened: 0 });
  await letters(1);
  expect(await look()).toMatchObject({ dlqCount: 11, alerted: 1, opened: 1, told: 1, checkedIn: 1 });
  expect(told).toMatchObject([{ channel: "#alerts", severity: "warning", text: HEADLINE }]);
  later(5);
  expect(await look()).toMatchObject({ dlqCount: 11, alerted: 1, opened: 0, told: 0 });
  expect(told).toHaveLength(1);
});

test("S2-20: more than 10,000 pending jobs alert as critical", async () => {
  await jobs({ count: 10_001 });
  await look();
  expect(told).toContainEqual(
    expect.objectContaining({
      severity: "error",
      text: "Queue depth critical!: 10,001 jobs, the limit is 10,000 jobs",
    }),
  );
});

/** Dead letters that stay within the last hour. */
const keepWrong = () => sql("update dead_letter_queue set failed_at = $1", ago(60));

test("jobs that wait for the end of a pause raise no alert, and without the pause they do", async () => {
  await sql(
    "insert into private.pauses (function_id, paused_at, paused_by) values ('tidy', $1, 'key:a')",
    ago(60),
  );
  await jobs({ count: 1001, priority: 2, ready: 7200, due: 3600 });
  await look();
  expect(await open()).toEqual([]);
  await sql("delete from private.pauses");
  await look();
  const rules = new Set((await open()).map(({ rule }) => rule));
  expect([...rules]).toEqual(["oldest-waiting", "promise-burn", "queue-depth", "throughput"]);
});

test("the alert about missed slots names the schedule that misses them, and no other", async () => {
  await ticker(301, 300);
  // Its last slot was yesterday, so its row is old although nothing is missed.
  await sql(
    "insert into schedules (name, cron, time_zone, checked_until) values ('daily', '0 3 * * *', 'UTC', $1)",
    ago(86_400),
  );
  await look();
  expect(await sql("select subject, offenders from alerts")).toMatchObject([
    { subject: "tidy", offenders: [{ name: "tidy" }] },
  ]);
});

test("a canary that was not completed is resolved after canaries were turned off", async () => {
  await canary("queued", 241);
  await look();
  expect((await open()).map(({ rule }) => rule)).toEqual(["canary"]);
  for (let n = 0; n < 2; n++) {
    later(5);
    await look({ env: { CANARY_MINUTES: "0" } });
  }
  expect((await open()).map(({ rule }) => rule)).toEqual([]);
});

test.each(["cron = '0 0 * * *'", "time_zone = 'Europe/Berlin'"])(
  "a deployment that changes a schedule's times raises no alert before housekeeping uses them: until then %s",
  async (old) => {
    await ticker(301, 300);
    await sql(`update schedules set ${old}`);
    await look();
    expect(await open()).toEqual([]);
  },
);

test("an alert is repeated after four hours, until it is acknowledged, and its end is told", async () => {
  await letters(11);
  await look();
  later(REMIND_AFTER_MINUTES - 1);
  await keepWrong();
  expect(await look()).toMatchObject({ reminded: 0 });
  later(1);
  await keepWrong();
  expect(await look()).toMatchObject({ reminded: 1 });
  expect(slackTexts()).toEqual([HEADLINE, `Still: ${HEADLINE}`]);

  const alerts = alertsRepository(createDatabase(testEnv(database), database.fetch), clock);
  const [row] = await alerts.list("open", 10);
  expect(await alerts.acknowledge(row?.id ?? "", "key:one")).toMatchObject({
    status: "acknowledged",
    acknowledged_by: "key:one",
  });
  // A second person changes nothing.
  expect(await alerts.acknowledge(row?.id ?? "", "key:two")).toMatchObject({ acknowledged_by: "key:one" });
  expect(await alerts.acknowledge(randomUUID(), "key:one")).toBeUndefined();
  expect(await alerts.countOpen(null)).toMatchObject({ alerts: 0 });
  later(REMIND_AFTER_MINUTES * 2);
  await keepWrong();
  expect(await look()).toMatchObject({ reminded: 0 });

  await sql("delete from dead_letter_queue");
  later(5);
  expect(await look()).toMatchObject({ resolved: 0 });
  later(5);
  expect(await look()).toMatchObject({ resolved: 1 });
  expect(slackTexts().slice(2)).toEqual([`Resolved: ${HEADLINE}`]);
});

test("a value near its limit does not alert again and again", async () => {
  await letters(11);
  await look();
  for (let n = 0; n < 5; n++) {
    later(5);
    await sql("update dead_letter_queue set failed_at = $1", ago(n % 2 === 0 ? 7200 : 60));
    await look();
  }
  expect(slackTexts()).toEqual([HEADLINE]);
});

test("while Slack does not answer the alert waits, and is told later", async () => {
  await letters(11);
  slackIsDown = true;
  await expect(look()).rejects.toThrow("1 failed (dead-letters)");
  slackIsDown = false;
  later(5);
  await keepWrong();
  await look();
  later(5);
  await keepWrong();
  await look();
  expect(slackTexts()).toEqual([HEADLINE]);
});

test("two monitors at once tell an alert once", async () => {
  await letters(11);
  let other: Promise<unknown> | undefined;
  // The second one looks while the first is telling Slack.
  duringSlack = async () => {
    duringSlack = async () => {};
    other = look();
    await other;
  };
  await look();
  expect(other).toBeDefined();
  expect(slackTexts()).toEqual([HEADLINE]);
});

test("a copy of production tells nothing, but shows its alerts", async () => {
  await letters(11);
  expect(await look({ mode: "hold" })).toMatchObject({ opened: 1, told: 0 });
  expect(told).toEqual([]);
});

test("each change of an alert is mailed to every address, once", async () => {
  const env = { ALERT_EMAILS: "ann@example.com, ops@example.com" };
  await letters(11);
  await look({ env });
  later(5);
  await keepWrong();
  await look({ env });
  await sql("delete from dead_letter_queue");
  later(5);
  await look({ env });
  later(5);
  await look({ env });
  const mails = await sql(
    "select recipient, fields ->> 'what' as what from mails where template = 'alert' and fields ->> 'rule' = 'dead-letters' order by created_at, recipient",
  );
  expect(mails.map(({ recipient, what }) => `${recipient} ${what}`)).toEqual([
    "ann@example.com opened",
    "ops@example.com opened",
    "ann@example.com resolved",
    "ops@example.com resolved",
  ]);
});

test("thresholds are configuration: of a rule, of one subject, or off", async () => {
  await letters(11);
  expect(await look({ env: { ALERT_THRESHOLDS: "dead-letters=11" } })).toMatchObject({ opened: 0 });
  expect(await look({ env: { ALERT_THRESHOLDS: "dead-letters=off" } })).toMatchObject({ opened: 0 });
  await jobs({ priority: 2, ready: 200, due: -1 });
  await jobs({ priority: 3, ready: 200, due: -1 });
  await look({ env: { ALERT_THRESHOLDS: "dead-letters=off,oldest-waiting:P2=100" } });
  expect(await open()).toMatchObject([{ rule: "oldest-waiting", subject: "P2" }]);
  await sql("delete from alerts");
  await jobs({ priority: 1, ready: 200, due: -1 });
  const seen = async (own: string) => {
    await look({ env: { ALERT_THRESHOLDS: `dead-letters=off,${own}` } });
    const subjects = (await open()).map(({ subject }) => subject);
    await sql("delete from alerts");
    return subjects;
  };
  // A threshold without a subject replaces those of all subjects.
  expect(await seen("oldest-waiting=off")).toEqual([]);
  expect(await seen("oldest-waiting=600")).toEqual([]);
  expect(await seen("oldest-waiting=100")).toEqual(["P1", "P2", "P3"]);
  expect(await seen("oldest-waiting=600,oldest-waiting:P2=100")).toEqual(["P2"]);
  await sql("delete from jobs where priority = 1");
  await look({ env: { ALERT_THRESHOLDS: "dead-letters=off,oldest-waiting:P2=100" } });
  await ended(10, "failed");
  await look({ env: { ALERT_THRESHOLDS: "dead-letters=off,failure-rate:=off" } });
  expect(await open()).toMatchObject([{ rule: "oldest-waiting", subject: "P2" }]);
  await expect(look({ env: { ALERT_THRESHOLDS: "queue-deepness=3" } })).rejects.toThrow(
    "ALERT_THRESHOLDS names no rule: queue-deepness",
  );
});
