import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { type PaymentShop, paymentShop } from "../support/payment-shop.ts";

let shop: PaymentShop;
afterEach(() => shop.close());

const ada = { email: "ada@example.com", password: "correct horse battery" };
const REGISTERED = { status: 201, body: { status: "registered" } };

/** A shop whose clock begins at the present, because Supabase Auth stores the machine's time of a sign-up. */
const shopAtPresent = () => paymentShop({ start: new Date() });
const register = (who: object = ada, headers: Record<string, string> = {}) =>
  shop.post("/api/register", who, headers);
/** Adds a user to Supabase Auth, as an administrator or another provider does. */
async function addUser(email: string, confirmedAt: Date | null = shop.engine.clock.now(), name?: string) {
  const id = randomUUID();
  const metadata = name === undefined ? {} : { name };
  await shop.rows(
    "insert into auth.users (id, email, email_confirmed_at, raw_user_meta_data) values ($1, $2, $3, $4)",
    [id, email, confirmedAt, metadata],
  );
  return id;
}
const idOf = async (email: string): Promise<string> =>
  (await shop.rows("select id from auth.users where email = $1", [email]))[0]["id"];
const jobs = (functionId: string) =>
  shop.rows("select status, result, error, ready_at - created_at as delay from jobs where function_id = $1", [
    functionId,
  ]);
const subjects = async () =>
  (await shop.mails()).map(({ to, subject }) => `${to.join()} ${subject}`).toReversed();
/** Everything but what is due later. Housekeeping sends what is older than a moment. */
async function work() {
  await shop.engine.advance("1m");
  await shop.app.keepHouse();
  await shop.engine.idle();
}
/** A day passes, in which housekeeping runs every five minutes near its end. */
async function aDayPasses() {
  await shop.engine.advance("23h56m");
  await work();
  await shop.engine.advance("5m");
  await work();
}

describe("S2-6, S2-23, S4-27: a sign-up", () => {
  test("is answered at once with 201 and {status: registered}, and is followed by mail, profile, analytics and settings", async () => {
    shop = await shopAtPresent();
    expect(await register({ ...ada, name: "Ada" })).toEqual(REGISTERED);
    await work();
    const id = await idOf(ada.email);
    expect(await subjects()).toEqual(["ada@example.com Welcome!"]);
    expect(await shop.rows("select id, name from profiles")).toEqual([{ id, name: "Ada" }]);
    expect(await shop.rows("select name, subject from analytics_events")).toEqual([
      { name: "user_signup", subject: id },
    ]);
    expect(await shop.rows("select user_id, time_zone, weekly_digest from user_settings")).toEqual([
      { user_id: id, time_zone: "UTC", weekly_digest: true },
    ]);
    expect(await jobs("on-user-signup")).toMatchObject([
      { status: "completed", result: { userId: id, welcomed: true } },
    ]);
  });

  test("T34: leaves the address in no event, no result and no row of analytics", async () => {
    shop = await paymentShop();
    await register();
    await work();
    const [row] = await shop.rows(
      "select jsonb_agg(event_data)::text || jsonb_agg(result)::text as jobs from jobs",
    );
    expect(row["jobs"]).not.toContain("ada@");
    const events = await shop.rows("select to_jsonb(analytics_events)::text as event from analytics_events");
    expect(JSON.stringify(events)).not.toContain("ada@");
  });

  test("a second time gets the same answer, and changes neither the password nor the mails", async () => {
    shop = await shopAtPresent();
    await register();
    await work();
    const before = await shop.rows("select encrypted_password from auth.users");
    expect(await register({ email: "ADA@example.com", password: "another password" })).toEqual(REGISTERED);
    await work();
    expect(await shop.rows("select encrypted_password from auth.users")).toEqual(before);
    expect(await subjects()).toHaveLength(1);
  });

  test("answers an address that is known no sooner than one that is new", async () => {
    shop = await paymentShop();
    await register();
    const startedAt = performance.now();
    await register();
    expect(performance.now() - startedAt).toBeGreaterThan(290);
  });

  test.each([
    [{ email: "ada", password: "correct horse" }, 400],
    [{ email: "a@b\r\nBcc: eve@example.com", password: "correct horse" }, 400],
    [{ ...ada, password: "short" }, 400],
    [{ ...ada, password: "x".repeat(73) }, 400],
    [{ ...ada, name: "x".repeat(201) }, 400],
    [{ ...ada, role: "admin" }, 400],
    [[], 400],
  ])("refuses %j", async (body, status) => {
    shop = await paymentShop();
    expect(await register(body)).toMatchObject({ status });
    expect(await shop.rows("select from auth.users")).toEqual([]);
  });

  test("a stranger may have an address mailed to three times, and a caller may try ten addresses", async () => {
    shop = await paymentShop();
    for (let n = 0; n < 3; n += 1) expect(await register()).toEqual(REGISTERED);
    expect(await register()).toMatchObject({ status: 429, body: { code: "too_many_requests" } });
    const from = { "x-nf-client-connection-ip": "192.0.2.1" };
    const statuses = await Promise.all(
      Array.from(
        { length: 12 },
        async (_, n) => (await register({ ...ada, email: `p${n}@example.com` }, from)).status,
      ),
    );
    expect(statuses.filter((status) => status === 429)).toHaveLength(2);
  });
});

describe("a user who comes another way", () => {
  test("is welcomed once the address is confirmed, and not before", async () => {
    shop = await paymentShop();
    const id = await addUser("eve@example.com", null);
    await work();
    expect(await shop.mails()).toEqual([]);
    await shop.rows("update auth.users set email_confirmed_at = $2 where id = $1", [
      id,
      shop.engine.clock.now(),
    ]);
    await work();
    expect(await subjects()).toEqual(["eve@example.com Welcome!"]);
  });
});

test("users whose events housekeeping sends five minutes later break no promise", async () => {
  shop = await paymentShop();
  for (let n = 0; n < 6; n += 1) await addUser(`p${n}@example.com`);
  for (let visit = 0; visit < 2; visit += 1) {
    await shop.engine.advance("5m");
    await shop.app.keepHouse();
    await shop.engine.idle();
  }
  await shop.app.keepHouse();
  expect(await subjects()).toHaveLength(6);
  expect(await shop.rows("select rule, subject from alerts")).toEqual([]);
});

describe("S3-17: the two functions of user/signup", () => {
  test.each([
    ["welcome_user", "on-user-signup", "select from user_settings"],
    ["set_default_settings", "set-default-settings", "select from mails where template = 'welcome'"],
  ])("when %s fails, the other one completes", async (failing, functionId, effectOfOther) => {
    shop = await paymentShop();
    await shop.rows(
      `create or replace function public.${failing}(p_user_id uuid, p_now timestamptz) returns ${
        failing === "welcome_user" ? "text" : "void"
      } language plpgsql as $$ begin perform private.refuse(400, 'invalid_request', 'broken'); end $$`,
    );
    await addUser("ada@example.com");
    await work();
    expect(await shop.rows("select function_id from dead_letter_queue")).toEqual([
      { function_id: functionId },
    ]);
    expect(await shop.rows(effectOfOther)).toHaveLength(1);
  });
});

describe("S4-32, S3-8: the reminder of an incomplete profile", () => {
  test("is due 86,400,000 ms after the sign-up, is mailed once, and says {reminded: true}", async () => {
    shop = await paymentShop();
    await addUser("ada@example.com");
    await work();
    expect(await jobs("send-profile-reminder")).toMatchObject([{ status: "queued", delay: { days: 1 } }]);
    await aDayPasses();
    expect(await jobs("send-profile-reminder")).toMatchObject([
      { status: "completed", result: { reminded: true } },
    ]);
    await aDayPasses();
    expect(await subjects()).toEqual(["ada@example.com Welcome!", "ada@example.com Complete your profile"]);
  });

  test("T30: is canceled when the profile is completed", async () => {
    shop = await paymentShop();
    const id = await addUser("ada@example.com");
    await work();
    await shop.rows(`select change_profile($1, '{"name": "Ada"}', 'ada', $2)`, [id, shop.engine.clock.now()]);
    expect(await jobs("send-profile-reminder")).toMatchObject([{ status: "canceled" }]);
    await aDayPasses();
    expect(await subjects()).toEqual(["ada@example.com Welcome!"]);
  });

  test("T30: is canceled when the user is deleted, whose rows go too", async () => {
    shop = await paymentShop();
    const id = await addUser("ada@example.com");
    await work();
    await shop.rows("delete from auth.users where id = $1", [id]);
    expect(await jobs("send-profile-reminder")).toMatchObject([{ status: "canceled" }]);
    for (const table of ["signups", "user_settings", "profiles"]) {
      expect({ table, left: await shop.rows(`select from ${table}`) }).toEqual({ table, left: [] });
    }
    await aDayPasses();
    expect(await subjects()).toEqual(["ada@example.com Welcome!"]);
  });

  test("a role that may only delete users, as Supabase Auth's own, deletes a user whose reminder waits", async () => {
    shop = await paymentShop();
    const id = await addUser("ada@example.com");
    await work();
    const role = `auth_${id.replaceAll("-", "")}`;
    await shop.rows(`create role ${role}; grant usage on schema auth to ${role};
      grant select, delete on auth.users to ${role}`);
    try {
      // Triggers that are deferred run at this commit.
      await shop.rows(`begin; set local role ${role}; delete from auth.users where id = '${id}'; commit`);
    } finally {
      await shop.rows(`drop owned by ${role}; drop role ${role}`);
    }
    expect(await shop.rows("select from auth.users")).toEqual([]);
    expect(await jobs("send-profile-reminder")).toMatchObject([{ status: "canceled" }]);
  });

  test("checks the profile again when it is due: a cancel that got lost does no harm", async () => {
    shop = await paymentShop();
    const id = await addUser("ada@example.com");
    await work();
    await shop.rows("alter table profiles disable trigger complete_profiles_need_no_reminder");
    await shop.rows("update profiles set name = 'Ada' where id = $1", [id]);
    await aDayPasses();
    expect(await jobs("send-profile-reminder")).toMatchObject([
      { status: "completed", result: { reminded: false } },
    ]);
    expect(await subjects()).toHaveLength(1);
  });
});

test("an erasure takes the rows of a sign-up, its settings and its profile", async () => {
  shop = await paymentShop();
  await addUser("ada@example.com", undefined, "Ada");
  await addUser("eve@example.com", undefined, "Eve");
  await work();
  const key = await shop.keyOf("operator", "admin");
  await shop.post("/api/erasures", { email: "Ada@example.com" }, { authorization: `Bearer ${key}` });
  await shop.engine.waitFor(
    async () => (await shop.rows("select from erasures where completed_at is not null")).length === 1,
    { within: "2d" },
  );
  expect(await shop.rows("select email from signups")).toEqual([{ email: "eve@example.com" }]);
  expect(await shop.rows("select name from profiles")).toEqual([{ name: "Eve" }]);
  expect(await shop.rows("select from user_settings")).toHaveLength(1);
  const [row] = await shop.rows("select counts from erasures");
  expect(row["counts"]).toMatchObject({ signups: 1, mails: 1 });
});
