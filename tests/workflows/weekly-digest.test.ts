import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type TestApp, testApp } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { insertJob } from "../support/jobs.ts";

let database: TestDatabase;
let site: TestApp;
let now = new Date("2026-03-25T12:00:00Z");
const clock = { now: () => now };
beforeAll(async () => {
  database = await freshDatabase();
  site = await testApp(database, { clock });
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.sql.query(
    "truncate signups, user_settings, weekly_digests, notifications, mails, jobs cascade",
  );
});

const rows = async (sql: string, values: unknown[] = []) => (await database.sql.query(sql, values)).rows;
/** A user who signed up long ago, and has one unread notification of this time. */
async function user(timeZone: string, notifiedAt: string | null = "2026-03-26T00:00:00Z"): Promise<string> {
  const id = randomUUID();
  await rows("insert into signups values ($1, $2, '', $3, '2026-01-01')", [
    id,
    `${id}@example.com`,
    randomUUID(),
  ]);
  await rows("insert into user_settings values ($1, $2, true, '2026-01-01')", [id, timeZone]);
  if (notifiedAt !== null) await rows("select notify($1, 'NEW_MESSAGE', '{}', null, $2)", [id, notifiedAt]);
  return id;
}
/** Runs the schedule's task at each quarter of an hour; returns who was mailed when. */
async function mailedBetween(from: string, to: string): Promise<Record<string, string>> {
  for (let at = Date.parse(from); at <= Date.parse(to); at += 15 * 60_000) {
    now = new Date(at);
    await rows("select private.make_weekly_digests(1000, $1)", [now]);
  }
  const mails = await rows("select recipient, created_at from mails where template = 'weekly-digest'");
  return Object.fromEntries(
    mails.map((mail) => [mail.recipient.replace("@example.com", ""), mail.created_at.toISOString()]),
  );
}

describe("S2-19: the weekly digest", () => {
  test("comes on Monday at 09:00 in each user's own time zone, on the Monday after the clocks changed too", async () => {
    const at = {
      [await user("Pacific/Kiritimati")]: "2026-03-29T19:00:00.000Z",
      [await user("Pacific/Auckland")]: "2026-03-29T20:00:00.000Z",
      [await user("Asia/Kathmandu")]: "2026-03-30T03:15:00.000Z",
      // Summer time began there on this Sunday: an hour earlier than a week before.
      [await user("Europe/Berlin")]: "2026-03-30T07:00:00.000Z",
      [await user("UTC")]: "2026-03-30T09:00:00.000Z",
      [await user("America/New_York")]: "2026-03-30T13:00:00.000Z",
      [await user("Pacific/Pago_Pago")]: "2026-03-30T20:00:00.000Z",
    };
    expect(await mailedBetween("2026-03-29T12:00:00Z", "2026-03-31T12:00:00Z")).toEqual(at);
  });

  test("is about the seven days before Monday 09:00 in the user's zone, also when it is late", async () => {
    const id = await user("Pacific/Kiritimati", null);
    for (const at of ["22T18:00", "22T20:00", "22T21:00", "29T20:00"]) {
      const time = new Date(`2026-03-${at}:00Z`);
      await rows("select notify($1, 'NEW_MESSAGE', '{}', null, $2)", [id, time]);
      for (const status of ["completed", "failed"]) {
        const job = await insertJob(database.sql, { owner: id }, time);
        await rows("update jobs set status = $2, ended_at = $3 where id = $1", [job, status, time]);
      }
    }
    await mailedBetween("2026-03-29T21:00:00Z", "2026-03-29T21:00:00Z");
    expect(await rows("select fields from mails")).toEqual([
      { fields: { unread: 2, completed: 2, failed: 2 } },
    ]);
  });

  test.each([
    // Seven days of 167 hours, because summer time began.
    ["spring", "2026-03-23T08:00:00Z", "2026-03-30T07:00:00Z"],
    // Seven days of 169 hours, because summer time ended.
    ["autumn", "2026-10-19T07:00:00Z", "2026-10-26T08:00:00Z"],
  ])("leaves out no hour and counts none twice when the clocks change in %s", async (_, from, to) => {
    const id = await user("Europe/Berlin", null);
    const [startsAt, endsAt] = [Date.parse(from), Date.parse(to)];
    for (const at of [startsAt - 1, startsAt, endsAt - 1, endsAt]) {
      const time = new Date(at);
      await rows("select notify($1, 'NEW_MESSAGE', '{}', null, $2)", [id, time]);
      const job = await insertJob(database.sql, { owner: id }, time);
      await rows("update jobs set status = 'completed', ended_at = $2 where id = $1", [job, time]);
    }
    await mailedBetween(to, to);
    expect(await rows("select fields from mails")).toEqual([
      { fields: { unread: 2, completed: 2, failed: 0 } },
    ]);
  });

  test("comes once a week, however often the task runs, and again a week later", async () => {
    const id = await user("UTC", "2026-03-29T00:00:00Z");
    await mailedBetween("2026-03-30T09:00:00Z", "2026-03-30T12:00:00Z");
    expect(await rows("select week::text, was_mailed from weekly_digests")).toEqual([
      { week: "2026-03-30", was_mailed: true },
    ]);
    await rows("select notify($1, 'NEW_MESSAGE', '{}', null, '2026-04-01T00:00:00Z')", [id]);
    await mailedBetween("2026-04-06T08:45:00Z", "2026-04-06T10:00:00Z");
    const keys = await rows("select key, fields ->> 'unread' as unread from mails order by key");
    expect(keys).toEqual([
      { key: `digest:${id}:2026-03-30`, unread: "1" },
      { key: `digest:${id}:2026-04-06`, unread: "1" },
    ]);
  });

  test("of the next week counts a job that was accepted before Monday 09:00 and ended after 09:00", async () => {
    const id = await user("UTC", null);
    const job = await insertJob(database.sql, { owner: id }, new Date("2026-03-30T08:50:00Z"));
    expect(await mailedBetween("2026-03-30T09:00:00Z", "2026-03-30T09:15:00Z")).toEqual({});
    await rows("update jobs set status = 'completed', ended_at = '2026-03-30T09:20:00Z' where id = $1", [
      job,
    ]);
    await mailedBetween("2026-04-06T09:00:00Z", "2026-04-06T09:00:00Z");
    expect(await rows("select fields from mails")).toEqual([
      { fields: { unread: 0, completed: 1, failed: 0 } },
    ]);
  });

  test("is not mailed when there is nothing to tell, also if something happens later that Monday", async () => {
    const [empty, old, off] = [
      await user("UTC", null),
      await user("UTC", "2026-03-01T00:00:00Z"),
      await user("UTC"),
    ];
    await rows("update user_settings set weekly_digest = false where user_id = $1", [off]);
    await mailedBetween("2026-03-30T09:00:00Z", "2026-03-30T09:15:00Z");
    await rows("select notify($1, 'NEW_MESSAGE', '{}', null, '2026-03-30T09:20:00Z')", [empty]);
    expect(await mailedBetween("2026-03-30T09:30:00Z", "2026-03-30T10:00:00Z")).toEqual({});
    expect(await rows("select user_id from weekly_digests where not was_mailed")).toEqual(
      expect.arrayContaining([{ user_id: empty }, { user_id: old }]),
    );
    expect(await rows("select from weekly_digests")).toHaveLength(2);
  });

  test("goes to a changed address, and an erasure of this address erases the user's sign-up", async () => {
    const id = randomUUID();
    await rows(
      "insert into auth.users (id, email, email_confirmed_at) values ($1, 'a@x.example', '2026-01-01')",
      [id],
    );
    await rows("insert into user_settings values ($1, 'UTC', true, '2026-01-01')", [id]);
    await rows("select notify($1, 'NEW_MESSAGE', '{}', null, '2026-03-29')", [id]);
    await rows("update auth.users set email = 'b@x.example' where id = $1", [id]);
    await mailedBetween("2026-03-30T09:00:00Z", "2026-03-30T09:00:00Z");
    expect(await rows("select recipient from mails")).toEqual([{ recipient: "b@x.example" }]);
    await rows("select private.erase_signups('a@x.example', null, $1)", [now]);
    expect(await rows("select user_id from signups")).toEqual([{ user_id: id }]);
    await rows("select private.erase_signups('b@x.example', null, $1)", [now]);
    expect(await rows("select from signups")).toEqual([]);
  });

  test("that is mailed while an erasure is between the mails and the sign-ups keeps no address", async () => {
    const id = await user("UTC", "2026-03-29T00:00:00Z");
    const email = `${id}@example.com`;
    await rows(
      `insert into erasures (id, email, requester, created_at, step)
       select $1, $2, 'test', now(), step + 1 from private.erasers where table_name = 'public.mails'`,
      [id, email],
    );
    await mailedBetween("2026-03-30T09:00:00Z", "2026-03-30T09:00:00Z");
    let state: string;
    do state = (await rows("select erase_piece($1, $2) as state", [id, now]))[0].state;
    while (state !== "done");
    expect(await rows("select recipient from mails")).toEqual([{ recipient: "erased" }]);
    expect(await rows("select counts from erasures")).toEqual([{ counts: { signups: 1, mails: 1 } }]);
  });

  test("is late after downtime on Monday, and left out after Tuesday", async () => {
    const id = await user("UTC");
    expect(await mailedBetween("2026-04-01T00:15:00Z", "2026-04-01T12:00:00Z")).toEqual({});
    expect(await mailedBetween("2026-03-31T10:00:00Z", "2026-03-31T10:00:00Z")).toEqual({
      [id]: "2026-03-31T10:00:00.000Z",
    });
  });

  test("of 2,500 users are made in three batches, one statement each, and count the week's jobs", async () => {
    await rows(
      `with people as (
         insert into signups select gen_random_uuid(), 'p' || n || '@example.com', '', gen_random_uuid(), '2026-01-01'
         from generate_series(1, 2500) as n returning user_id)
       insert into user_settings select user_id, 'UTC', true, '2026-01-01' from people`,
    );
    await rows(
      `insert into notifications (owner, type, created_at) select user_id::text, 'NEW_MESSAGE', '2026-03-29' from signups`,
    );
    const counts: unknown[] = [];
    for (let n = 0; n < 4; n += 1) {
      const [row] = await rows("select private.make_weekly_digests(1000, '2026-03-30T09:00:00Z') as made");
      counts.push(row.made.mailedCount);
    }
    expect(counts).toEqual([1000, 1000, 500, 0]);
    expect(await rows("select distinct function_id, priority from jobs")).toEqual([
      { function_id: "send-bulk-mail", priority: 4 },
    ]);
  }, 60_000);

  test("is a schedule whose task housekeeping runs without an execution", async () => {
    const id = await user("UTC", "2026-03-29T00:00:00Z");
    now = new Date("2026-03-30T08:50:00Z");
    await site.app.keepHouse();
    now = new Date("2026-03-30T09:01:00Z");
    await site.app.keepHouse();
    expect(await rows("select recipient from mails")).toEqual([{ recipient: `${id}@example.com` }]);
    const ticks = await rows(
      "select slot, fate, result from schedule_ticks where schedule = 'send-digests' order by slot_at desc limit 1",
    );
    expect(ticks).toMatchObject([{ fate: "fired", result: { mailedCount: 1 } }]);
  });
});

describe("a user's settings", () => {
  const path = (id: string) => `/api/users/${id}/settings`;

  test("are read and changed field by field", async () => {
    const id = await user("UTC");
    const change = (body: object) => site.call("PATCH", path(id), { as: "ann", body });
    expect(await change({ timeZone: "Europe/Berlin" })).toMatchObject({
      status: 200,
      body: { timeZone: "Europe/Berlin", weeklyDigest: true },
    });
    await change({ weeklyDigest: false });
    expect((await site.call("GET", path(id), { as: "ann" })).body).toEqual({
      timeZone: "Europe/Berlin",
      weeklyDigest: false,
    });
    expect(await site.call("GET", path(randomUUID()), { as: "ann" })).toMatchObject({ status: 404 });
  });

  test.each(["Mars/Olympus", "+02:00", "", "x".repeat(65), "Europe/Berlin; drop table jobs"])(
    "refuse the time zone %j",
    async (timeZone) => {
      const answer = await site.call("PATCH", path(randomUUID()), { as: "ann", body: { timeZone } });
      expect(answer).toMatchObject({ status: 400, body: { code: "invalid_request" } });
    },
  );
});
