import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { insertJob } from "../support/jobs.ts";

let db: TestDatabase;
const [ann, bob] = [randomUUID(), randomUUID()];
beforeAll(async () => {
  db = await freshDatabase();
  for (const owner of [ann, bob]) {
    await insertJob(db.sql, { owner });
  }
  await db.sql.query(
    `select record_dead_letter('{"eventId":"e","eventName":"e","eventData":{},"functionId":"f","runId":"r","error":{"message":"x"},"fingerprint":"f"}', now())`,
  );
});
afterAll(() => db.close());

/** Reads with this role, as PostgREST would. */
async function read(role: string, claims: object, query: string) {
  const client = await db.sql.connect();
  try {
    await client.query("begin");
    await client.query("select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)", [
      role,
      JSON.stringify(claims),
    ]);
    return (await client.query(query)).rows;
  } finally {
    await client.query("rollback");
    client.release();
  }
}
const user = (sub: string, role?: string) => ({
  sub,
  role: "authenticated",
  app_metadata: role === undefined ? {} : { role },
});

describe("row-level security of direct reads", () => {
  test("a user reads only their own jobs and the rows that belong to them", async () => {
    expect(await read("authenticated", user(ann), "select owner from jobs")).toEqual([{ owner: ann }]);
    expect(await read("authenticated", user(ann), "select * from job_events")).toHaveLength(1);
    expect(await read("authenticated", user(randomUUID()), "select owner from jobs")).toEqual([]);
  });

  test("a user reads only their own notifications, and even an administrator reads no others", async () => {
    await db.sql.query("select notify($1, 'NEW_MESSAGE', '{}', null, now())", [ann]);
    expect(await read("authenticated", user(ann), "select owner from notifications")).toEqual([
      { owner: ann },
    ]);
    expect(await read("authenticated", user(bob, "admin"), "select owner from notifications")).toEqual([]);
  });

  test("a user reads only their own settings, an administrator all, and neither changes them directly", async () => {
    for (const id of [ann, bob]) {
      await db.sql.query("insert into user_settings (user_id, updated_at) values ($1, now())", [id]);
    }
    const settings = "select user_id from user_settings";
    expect(await read("authenticated", user(ann), settings)).toEqual([{ user_id: ann }]);
    expect(await read("authenticated", user(randomUUID(), "admin"), settings)).toHaveLength(2);
    await expect(read("anon", {}, settings)).rejects.toThrow(/permission denied/);
    const change = "update user_settings set weekly_digest = false";
    await expect(read("authenticated", user(ann, "admin"), change)).rejects.toThrow(/permission denied/);
  });

  test("a user reads only the reports about their own rows, although an earlier role let them make others", async () => {
    await db.sql.query(
      `insert into reports (id, owner, scope, type, format, starts_at, ends_at, expires_at, created_at)
       select gen_random_uuid(), $1, scope, 'users', 'csv', now() - interval '1 day', now(), now(), now()
       from unnest(array[$1, null]) as scopes (scope)`,
      [ann],
    );
    const reports = "select scope from reports order by scope";
    expect(await read("authenticated", user(ann), reports)).toEqual([{ scope: ann }]);
    expect(await read("authenticated", user(bob), reports)).toEqual([]);
    expect(await read("authenticated", user(ann, "admin"), reports)).toEqual([
      { scope: ann },
      { scope: null },
    ]);
  });

  test("an administrator reads all jobs and dead letters", async () => {
    expect(await read("authenticated", user(randomUUID(), "admin"), "select owner from jobs")).toHaveLength(
      2,
    );
    expect(
      await read("authenticated", user(randomUUID(), "admin"), "select id from dead_letter_queue"),
    ).toHaveLength(1);
  });

  test("S4-75: a user reads only their own sessions, and another user none of them", async () => {
    await db.sql.query(
      `insert into sessions (user_id, created_at, updated_at, expires_at)
       select id, now(), now(), now() from unnest($1::text[]) as ids (id)`,
      [[ann, bob]],
    );
    for (const owner of [ann, bob])
      expect(await read("authenticated", user(owner), "select user_id from sessions")).toEqual([
        { user_id: owner },
      ]);
    expect(await read("authenticated", user(randomUUID()), "select user_id from sessions")).toEqual([]);
  });

  test("S4-75: only an administrator reads the audit log", async () => {
    await db.sql.query("select record_admin_action('key:a', 'POST /x', '{}', now())");
    expect(await read("authenticated", user(ann), "select id from audit_logs")).toEqual([]);
    expect(await read("authenticated", user(ann, "admin"), "select id from audit_logs")).toHaveLength(1);
  });

  test("a user reads no dead letters and no job errors", async () => {
    expect(await read("authenticated", user(ann), "select id from dead_letter_queue")).toEqual([]);
    expect(await read("authenticated", user(ann), "select id from job_errors")).toEqual([]);
  });

  test.each([
    "jobs",
    "job_runs",
    "job_events",
    "dead_letter_queue",
    "job_errors",
    "api_keys",
    "notifications",
    "sessions",
    "auth_tokens",
    "audit_logs",
  ])("an anonymous client cannot read %s", async (table) => {
    await expect(read("anon", {}, `select * from ${table}`)).rejects.toThrow("permission denied");
  });

  test.each([
    "insert into api_keys default values",
    "update jobs set owner = owner",
    "delete from jobs",
    "select * from api_keys",
    "select * from auth_tokens",
    "update sessions set user_id = user_id",
    "delete from audit_logs",
    "insert into audit_logs (at, actor, action, target) values (now(), 'a', 'b', '{}')",
  ])("even a signed-in administrator is denied: %s", async (statement) => {
    await expect(read("authenticated", user(ann, "admin"), statement)).rejects.toThrow("permission denied");
  });
});

test("every table in our schemas has row-level security", async () => {
  const { rows } = await db.sql.query(
    `select relname from pg_class join pg_namespace on pg_namespace.oid = relnamespace
     where nspname in ('public', 'private') and relkind = 'r' and not relrowsecurity`,
  );
  expect(rows).toEqual([]);
});

test("no function in our schemas is open to clients, and each has a fixed search path", async () => {
  const { rows } = await db.sql.query(
    `select proname from pg_proc join pg_namespace on pg_namespace.oid = pronamespace
     where nspname in ('public', 'private')
       and not exists (select from pg_depend where objid = pg_proc.oid and deptype = 'e')
       and (has_function_privilege('anon', pg_proc.oid, 'execute')
         or has_function_privilege('authenticated', pg_proc.oid, 'execute')
         or not coalesce(proconfig, '{}') @> array['search_path=""'])`,
  );
  expect(rows).toEqual([]);
});
