import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createLetterAlert } from "#dead-letters/letter-alert.ts";
import { createRedact } from "#dead-letters/redact.ts";
import { deadLetterRepository } from "#dead-letters/repository.ts";
import { sendMissedAlerts } from "#dead-letters/send-missed-alerts.ts";
import { createDatabase } from "#lib/database/client.ts";
import { AppError } from "#lib/errors.ts";
import { createLogger } from "#lib/logger.ts";
import type { ErrorReport } from "#lib/outside/sentry.ts";
import type { Slack, SlackMessage } from "#lib/outside/slack.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { insertJob, type Wanted } from "../support/jobs.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await freshDatabase();
});
afterAll(() => db.close());
beforeEach(() => db.sql.query("truncate jobs, dead_letter_queue, job_errors cascade"));

const sql = async (text: string, ...values: unknown[]) => (await db.sql.query(text, values)).rows;
const day = (n: number) => new Date(Date.UTC(2026, 0, n));

async function ended(status: string, at: Date, request: Wanted = {}) {
  const id = await insertJob(db.sql, { functionId: "f", kind: "k", ...request }, at);
  await sql("select private.end_job($1, $2, null, null, $3)", id, status, at);
  return id;
}
const left = async () => (await sql("select id from jobs")).map(({ id }) => id);

describe("purge_ledgers", () => {
  test("deletes old jobs, failed ones later, and keeps recent and unfinished ones", async () => {
    await ended("completed", day(1));
    const oldFailed = await ended("failed", day(1));
    const young = await ended("completed", day(20));
    const living = randomUUID();
    await insertJob(db.sql, { id: living }, day(1));
    expect(await sql("select purge_ledgers($1, $2, 100) as gone", day(10), new Date(0))).toEqual([
      { gone: "1" },
    ]);
    expect(new Set(await left())).toEqual(new Set([oldFailed, young, living]));
    await sql("select purge_ledgers($1, $1, 100)", day(10));
    expect(await left()).not.toContain(oldFailed);
  });

  test("deletes no more rows than its limit", async () => {
    for (let n = 0; n < 5; n++) await ended("completed", day(1));
    expect(await sql("select purge_ledgers($1, $1, 2) as gone", day(10))).toEqual([{ gone: "2" }]);
    expect(await left()).toHaveLength(3);
  });

  test("keeps an open dead letter, however old", async () => {
    await sql(
      `select record_dead_letter('{"eventId":"e","eventName":"e","eventData":{},"functionId":"f","runId":"r","error":{"message":"x"},"fingerprint":"f"}', $1)`,
      day(1),
    );
    await sql("select purge_ledgers($1, $1, 100)", day(300));
    expect(await sql("select status from dead_letter_queue")).toEqual([{ status: "failed" }]);
  });
});

describe("fail_unbegun_jobs", () => {
  /** Accepted and due on the first day; its event was sent on the given day, if at all. */
  async function queued(sentAt: Date | null) {
    const id = randomUUID();
    await insertJob(db.sql, { id, functionId: "f", event: "e" }, day(1));
    await sql("update jobs set sent_at = $2 where id = $1", id, sentAt);
    return id;
  }
  const fail = async (refused: string[] = [], limit = 50) =>
    (await sql("select fail_unbegun_jobs($1, $2, $3, $4) as count", day(2), refused, limit, day(3)))[0].count;
  const letters = () => sql("select job_id, error_code, alerted_at from dead_letter_queue");

  test("a job that was sent and never began fails, and its dead letter waits for an alert", async () => {
    const lost = await queued(day(1));
    expect(await fail()).toBe(1);
    expect(await letters()).toEqual([{ job_id: lost, error_code: "engine_unavailable", alerted_at: null }]);
    expect(await sql("select status from jobs")).toEqual([{ status: "failed" }]);
    expect(await fail()).toBe(0);
  });

  test("a job that the engine refused fails; jobs in the outbox and jobs sent recently are left alone", async () => {
    const refused = await queued(null);
    await queued(null);
    await queued(new Date(day(2).getTime() + 1));
    expect(await fail([refused])).toBe(1);
    expect(await letters()).toMatchObject([{ job_id: refused }]);
  });

  test("jobs that are not overdue, are held, or are running are left alone", async () => {
    const [young, held, running] = [await queued(day(1)), await queued(null), await queued(day(1))];
    await sql("update jobs set due_at = $2 where id = $1", young, day(2));
    await sql("update jobs set released_at = null where id = $1", held);
    await sql("select start_run($1, 'e', '{}', 'f', 'r1', 0, null, $2)", running, day(1));
    expect(await fail()).toBe(0);
  });

  test("fails no more jobs than its limit", async () => {
    for (let n = 0; n < 3; n++) await queued(day(1));
    expect(await fail([], 2)).toBe(2);
  });

  test("a job that begins after it was failed goes on, and its dead letter is settled", async () => {
    const late = await queued(day(1));
    await fail();
    await sql("select start_run($1, 'e', '{}', 'f', 'r1', 0, null, $2)", late, day(4));
    await sql("select finish_run($1, 'f', 'r1', '{}', $2)", late, day(4));
    expect(await sql("select status from jobs")).toEqual([{ status: "completed" }]);
    expect(await sql("select status, outcome from dead_letter_queue")).toEqual([
      { status: "reprocessed", outcome: "completed" },
    ]);
  });
});

describe("trim_jobs", () => {
  const keep = (completed: number, failed: number) =>
    sql("select private.register_work_kind($1)", {
      function_id: "f",
      event_name: "e",
      kind: "k",
      keep_completed: completed,
      keep_failed: failed,
    });

  test("S3-12: keeps the newest completed and failed jobs of each kind, and all recent ones", async () => {
    await keep(2, 1);
    const old = [];
    for (const [n, status] of [
      "completed",
      "failed",
      "completed",
      "failed",
      "completed",
      "canceled",
    ].entries())
      old.push(await ended(status, day(n + 1)));
    const young = await ended("completed", day(20));
    expect(await sql("select trim_jobs($1, 100) as gone", day(10))).toEqual([{ gone: "3" }]);
    expect(new Set(await left())).toEqual(new Set([old[3], old[4], old[5], young]));
    // Young jobs are kept, however many there are.
    await keep(1, 1);
    await sql("select trim_jobs($1, 100)", day(1));
    expect(await left()).toHaveLength(4);
  });

  test("S3-7: after a job that asks to keep 2, the newest 2 completed jobs with a number of its kind and owner stay, and all that ended recently", async () => {
    await keep(100, 100);
    const other = [
      await ended("completed", day(1), { functionId: "g", kind: "other" }),
      await ended("completed", day(1)),
      await ended("completed", day(1), { owner: "bob", keepCompleted: 1 }),
    ];
    const ids = [];
    for (let n = 2; n <= 6; n++) ids.push(await ended("completed", day(n), { keepCompleted: 2 }));
    const failed = await ended("failed", day(7));
    expect(await sql("select trim_jobs($1, 100) as gone", day(4))).toEqual([{ gone: "2" }]);
    expect(new Set(await left())).toEqual(new Set([...other, ...ids.slice(2), failed]));
    expect(await sql("select trim_jobs($1, 100) as gone", day(10))).toEqual([{ gone: "1" }]);
    expect(new Set(await left())).toEqual(new Set([...other, ids[3], ids[4], failed]));
  });
});

describe("claim_alert", () => {
  const claim = async (id: string, who: string, at: Date) =>
    (await sql("select claim_alert($1, $2, $3) ->> 'state' as claim", id, who, at))[0].claim;
  const letter = async () =>
    (
      await sql(
        `select record_dead_letter('{"eventId":"e","eventName":"e","eventData":{},"functionId":"f","runId":"r","error":{"message":"x"},"fingerprint":"f"}', $1) as id`,
        day(1),
      )
    )[0].id;
  const minutes = (n: number) => new Date(day(1).getTime() + n * 60_000);

  test("gives the alert to one claimant, which may claim it again", async () => {
    const id = await letter();
    expect(await claim(id, "a", minutes(0))).toBe("claimed");
    expect(await claim(id, "b", minutes(1))).toBe("busy");
    expect(await claim(id, "a", minutes(1))).toBe("claimed");
  });

  test("passes the alert of a dead claimant to another after two minutes", async () => {
    const id = await letter();
    await claim(id, "a", minutes(0));
    expect(await claim(id, "b", minutes(3))).toBe("claimed");
    expect(await claim(id, "a", minutes(4))).toBe("busy");
  });

  test("is done once the alert was confirmed", async () => {
    const id = await letter();
    await claim(id, "a", minutes(0));
    await sql("select confirm_alert($1, $2)", id, minutes(1));
    expect(await claim(id, "b", minutes(10))).toBe("done");
    expect(await claim(id, "a", minutes(10))).toBe("done");
  });
});

describe("alerts that were not delivered", () => {
  /** Runs housekeeping at that time, with a Slack that refuses the messages in `refused`; returns what was sent. */
  const told = { slack: [] as SlackMessage[], reports: [] as ErrorReport[], logs: [] as string[] };
  beforeEach(() => Object.assign(told, { slack: [], reports: [], logs: [] }));
  const housekeeping = (at: Date, refused: string[] = []) => {
    const write = (line: string) => told.logs.push(line);
    const logger = createLogger({ LOG_LEVEL: "info", NIGHTSHIFT_ENV: "development" }, { write });
    const letters = deadLetterRepository(createDatabase(db.env, db.fetch), { now: () => at });
    const slack: Slack = {
      async send(message) {
        if (refused.some((word) => message.text.includes(word)))
          throw new AppError("provider_rejected", "Slack answered 400");
        told.slack.push(message);
        return "sent";
      },
    };
    const reporter = { report: async (report: ErrorReport) => void told.reports.push(report) };
    const alert = createLetterAlert({ letters, slack, reporter, logger, redact: createRedact({}) });
    return sendMissedAlerts({ letters, alert }).run({ isOver: () => false });
  };
  const lost = async (message: string, at: Date, eventId: string = randomUUID()) => {
    const failure = { eventId, eventName: "e", eventData: {}, functionId: "f", runId: randomUUID() };
    await sql("select record_dead_letter($1, $2)", { ...failure, error: { message }, fingerprint: "f" }, at);
  };
  const texts = () => told.slack.map(({ text }) => text);

  test("are sent by housekeeping, even days later", async () => {
    await lost("one", day(1));
    expect(await housekeeping(day(4))).toEqual({ told: 1 });
    expect(texts()).toEqual(["f failed for good: one"]);
  });

  test("a message that Slack refuses does not stop the others", async () => {
    await lost("bad", day(1));
    await lost("good", day(2));
    await expect(housekeeping(day(3), ["bad"])).rejects.toMatchObject({
      code: "provider_rejected",
      message: expect.stringMatching(/^1 failed .*, 1 done$/),
    });
    expect(texts()).toEqual(["f failed for good: good"]);
  });

  test("messages that Slack keeps refusing do not keep others from being sent", async () => {
    for (let n = 0; n < 25; n++) await lost("bad", day(1));
    await lost("good", day(2));
    await expect(housekeeping(day(3), ["bad"])).rejects.toThrow("20 failed");
    await expect(housekeeping(day(4), ["bad"])).rejects.toThrow(/^19 failed .*, 1 done$/);
  });

  test("the log and Sentry get a dead letter once, however often Slack fails", async () => {
    await lost("lost", day(1));
    for (const n of [2, 3, 4]) await expect(housekeeping(day(n), ["lost"])).rejects.toThrow("1 failed");
    await housekeeping(day(5));
    expect(told).toMatchObject({ slack: { length: 1 }, reports: { length: 1 }, logs: { length: 1 } });
  });

  test("an event id that contains a person's address is redacted in every alert", async () => {
    await lost("x", day(1), "welcome-ada@example.com");
    await housekeeping(day(2));
    expect(told).toMatchObject({ slack: { length: 1 }, reports: { length: 1 }, logs: { length: 1 } });
    expect(JSON.stringify(told)).toContain("[address]");
    expect(JSON.stringify(told)).not.toContain("ada@");
  });
});

describe("production_url", () => {
  const ask = async (url: string, isProduction: boolean) =>
    (await sql("select production_url($1, $2, $3) as url", url, isProduction, day(1)))[0].url;

  test("the first production that asks is stored, and a copy learns the address of the original", async () => {
    expect(await ask("https://preview", false)).toBeNull();
    expect(await ask("https://production", true)).toBe("https://production");
    expect(await ask("https://copy", true)).toBe("https://production");
    await sql("select move_production('https://copy', now())");
    expect(await ask("https://copy", true)).toBe("https://copy");
  });
});
