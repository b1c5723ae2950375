import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type PartsLedger, partsLedger } from "./parts/ledger.ts";

let ledger: PartsLedger;
beforeAll(async () => {
  ledger = await partsLedger();
});
afterAll(() => ledger.close());

let listId: string;
beforeEach(async () => {
  await ledger.rows("delete from suppressions");
  await ledger.rows("delete from import_rows");
  const [list] = await ledger.rows(
    "insert into email_lists (owner, name, created_at) values ('ada', 'news', now()) returning id",
  );
  listId = list.id;
});

const addresses = (...names: string[]) => names.map((name) => `${name}@example.com`);
const upload = (...names: string[]) =>
  ledger.rows(
    "select upsert_email_subscribers($1, 'ada', $2, false, now())",
    listId,
    JSON.stringify(addresses(...names).map((email) => ({ email, fields: { from: "upload" } }))),
  );
const remove = () => ledger.rows("select delete_email_list($1, 'ada')", listId);
const suppressed = (name: string) =>
  JSON.stringify(
    addresses(name).map((address) => ({ address, scope: "all", reason: "bounced", source: "test" })),
  );
const suppress = "select private.suppress($1::jsonb, now())";

/** A new import of these rows into the list: the job with its claimed part. */
async function startImport(...names: string[]) {
  const { jobId } = await ledger.job([names.length]);
  const part = await ledger.claim(jobId, "import");
  if (part.state !== "claimed") throw new Error(part.state);
  const id = randomUUID();
  await ledger.rows(
    `insert into imports (id, job_id, owner, target, scope, options, merge, absent, is_dry_run, is_again, file_url,
       file_name, created_at)
     values ($1, $2, 'ada', 'subscribers', $3, $4, 'upsert', 'keep', false, false, '', 'f', now())`,
    id,
    jobId,
    listId,
    JSON.stringify({ listId }),
  );
  const rows = addresses(...names).map((email, no) => ({
    n: no + 1,
    k: email,
    v: { email, fields: { from: id } },
  }));
  return {
    id,
    write: () =>
      ledger.rows(
        "select write_import_rows($1, $2, 1, $3, $4, '[]', now()) as answer",
        part.id,
        part.token,
        names.length + 1,
        JSON.stringify(rows),
      ),
  };
}

/** The statement that undoes an import, which has added these subscribers one after the other. */
async function undoOfImport(...names: string[]) {
  const { id } = await startImport("none");
  for (const name of names) await (await startImport(name)).write();
  await ledger.rows("update import_rows set import_id = $1", id);
  const { jobId } = await ledger.job([names.length]);
  const part = await ledger.claim(jobId, "undo");
  if (part.state !== "claimed") throw new Error(part.state);
  return () => ledger.rows("select undo_import_rows($1, $2, $3, 100, false, now())", part.id, part.token, id);
}

const waiting = async () =>
  (
    await ledger.rows(`select from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock'`)
  ).length;

/** Starts the statements one after the other while the subscriber is locked, then lets them end. */
async function crossing(name: string, ...statements: (() => Promise<unknown>)[]) {
  const client = await ledger.db.sql.connect();
  try {
    await client.query("begin");
    await client.query("select from email_subscribers where list_id = $1 and email = $2 for update", [
      listId,
      ...addresses(name),
    ]);
    const answers: Promise<unknown>[] = [];
    for (const start of statements) {
      answers.push(start());
      await expect.poll(waiting).toBe(answers.length);
    }
    await client.query("commit");
    await Promise.all(answers);
  } finally {
    client.release();
  }
}

const subscribers = async () =>
  (
    await ledger.rows(
      "select split_part(email, '@', 1) as name, status from email_subscribers where list_id = $1 order by 1",
      listId,
    )
  ).map(({ name, status }) => `${name} ${status}`);

describe.each([
  { way: "an upload", add: async (name: string) => () => upload(name) },
  { way: "an import", add: async (name: string) => (await startImport(name)).write },
])("a subscriber whom $way adds gets the status of a suppression", ({ add }) => {
  test("that began earlier and has not been committed yet", async () => {
    const start = await add("new");
    const client = await ledger.db.sql.connect();
    try {
      await client.query("begin");
      await client.query(suppress, [suppressed("new")]);
      let hasEnded = false;
      const answer = start().finally(() => {
        hasEnded = true;
      });
      await expect.poll(async () => hasEnded || (await waiting()) > 0).toBe(true);
      await client.query("commit");
      await answer;
    } finally {
      client.release();
    }
    expect(await subscribers()).toEqual(["new bounced"]);
  });

  test("that begins while the transaction of the subscriber is open", async () => {
    await upload("held");
    const start = await add("new");
    // z_wait fires after new_subscribers_reflect_their_suppressions, which has then read the suppressions. It keeps the
    // transaction open until the test gives the lock back.
    await ledger.rows(`create function wait() returns trigger language plpgsql as $$ begin
        perform pg_advisory_xact_lock(1); return null; end $$;
      create trigger z_wait after insert on email_subscribers for each statement execute function wait()`);
    const client = await ledger.db.sql.connect();
    try {
      await client.query("select pg_advisory_lock(1)");
      const added = start();
      await expect.poll(waiting).toBe(1);
      let hasEnded = false;
      const answer = ledger.rows(suppress, suppressed("new")).finally(() => {
        hasEnded = true;
      });
      await expect.poll(async () => hasEnded || (await waiting()) > 1).toBe(true);
      await client.query("select pg_advisory_unlock(1)");
      await Promise.all([added, answer]);
    } finally {
      client.release();
      await ledger.rows("drop trigger z_wait on email_subscribers; drop function wait()");
    }
    expect(await subscribers()).toEqual(["held active", "new bounced"]);
  });
});

test.each(["is_dry_run = true", "merge = 'update'"])(
  "an import with %s adds no subscribers, so it does not wait for a suppression of an address that its list lacks",
  async (setting) => {
    const { id, write } = await startImport("new");
    await ledger.rows(`update imports set ${setting} where id = $1`, id);
    const client = await ledger.db.sql.connect();
    try {
      await client.query("begin");
      await client.query(suppress, [suppressed("new")]);
      let hasEnded = false;
      const answer = write().finally(() => {
        hasEnded = true;
      });
      await expect.poll(async () => hasEnded || (await waiting()) > 0).toBe(true);
      expect(hasEnded).toBe(true);
      await client.query("commit");
      await answer;
    } finally {
      client.release();
    }
    expect(await subscribers()).toEqual([]);
  },
);

describe("no deadlock:", () => {
  test("an upload and the deletion of its list", async () => {
    await upload("old");
    await crossing("old", () => upload("new", "old"), remove);
    expect(await subscribers()).toEqual([]);
  });

  test("an import and the deletion of its list", async () => {
    await upload("old");
    const { write } = await startImport("new", "old");
    await crossing("old", write, remove);
    expect(await subscribers()).toEqual([]);
  });

  test("an undo of an import and the deletion of its list", async () => {
    const undo = await undoOfImport("z", "m", "a");
    await crossing("m", undo, remove);
    expect(await subscribers()).toEqual([]);
  });

  test("an upload and the undo of an import into its list", async () => {
    const undo = await undoOfImport("z", "m", "a");
    await crossing("m", undo, () => upload("a", "m"));
    expect(await subscribers()).toEqual(["a active", "m active"]);
  });

  test("an upload and an import that add and change the same subscribers", async () => {
    await upload("b", "c");
    const { write } = await startImport("a", "b", "c");
    await crossing("c", write, () => upload("a", "b"));
    expect(await subscribers()).toEqual(["a active", "b active", "c active"]);
  });

  test("an upload that comes after the deletion of its list has begun is refused: 404", async () => {
    await upload("old");
    const answers = crossing("old", remove, () => upload("new"));
    await expect(answers).rejects.toThrow("List not found");
  });
});
