import { createApiKey } from "@nightshift/local/api-key.ts";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type ImportShop, importShop } from "../../support/import-shop.ts";

let shop: ImportShop;
beforeAll(async () => {
  shop = await importShop();
});
afterAll(() => shop.close());
beforeEach(async () => {
  shop.hooks.beforeOpen = async () => {};
  await shop.rows("delete from email_subscribers");
});

const csv = (...lines: string[]) => `${["email,name", ...lines].join("\n")}\n`;
const table = () => shop.rows("select email_subscribers::text as row from email_subscribers order by id");
const undo = async (id: string) => {
  const asked = await shop.call("POST", `/api/imports/${id}/undo`);
  if (asked.status !== 202) return asked;
  await shop.engine.waitFor(async () => (await shop.read(id)).undo.undoneAt !== null);
  return { status: 202, body: await shop.read(id) };
};

describe("an undo", () => {
  test("restores the table exactly", async () => {
    await shop.run(csv("ada@example.com,Ada", "bob@example.com,Bob", "eve@example.com,Eve"));
    await shop.engine.advance("1h");
    const before = await table();
    const more = Array.from({ length: 6_000 }, (_, n) => `p${n}@example.com,P${n}`);
    const done = await shop.run(
      csv("ADA@example.com,A", "bob@example.com,Bob", ...more, "p1@example.com,Q", "ada@example.com,B"),
    );
    expect(done.counts).toMatchObject({ inserted: 6_000, updated: 1, unchanged: 1, skipped: 2 });
    expect(await table()).not.toEqual(before);
    const { body } = await undo(done.id);
    expect(body.undo).toMatchObject({ status: "completed", undone: 6_001, conflicts: 0 });
    expect(await table()).toEqual(before);
    expect((await undo(done.id)).status).toBe(409);
  });

  test("leaves changed and deleted rows alone and lists them as conflicts", async () => {
    const done = await shop.run(
      csv("ada@example.com,1", "bob@example.com,1", "eve@example.com,1", "joe@example.com,1"),
    );
    await shop.rows("update email_subscribers set status = 'unsubscribed' where email like 'bob%'");
    await shop.rows("delete from email_subscribers where email like 'eve%'");
    const { body } = await undo(done.id);
    expect(body).toMatchObject({
      undo: { undone: 2, conflicts: 2 },
      conflicts: [
        { row: 2, reason: "changed" },
        { row: 3, reason: "gone" },
      ],
    });
    expect(await shop.rows("select email, status from email_subscribers")).toEqual([
      { email: "bob@example.com", status: "unsubscribed" },
    ]);
  });

  test("leaves a row alone that was changed between two rows of the file that wrote it", async () => {
    await shop.run(csv("ada@example.com,Ada"));
    let opened = 0;
    shop.hooks.beforeOpen = async () => {
      opened += 1;
      if (opened !== 2) return;
      const ada = { email: "ada@example.com", fields: { name: "A" } };
      const [{ state }] = await shop.rows(
        "select write_import_rows(id, lease_token, 1, 2, $1, '[]', now()) as state from job_parts where status = 'claimed'",
        [JSON.stringify([{ n: 1, k: ada.email, v: ada }])],
      );
      expect(state).toBe("open");
      await shop.rows("update email_subscribers set status = 'bounced'");
    };
    const done = await shop.run(csv("ada@example.com,A", "ada@example.com,B"));
    expect(done.counts).toMatchObject({ updated: 1, skipped: 1 });
    expect((await undo(done.id)).body).toMatchObject({
      undo: { undone: 0, conflicts: 1 },
      conflicts: [{ row: 2, reason: "changed" }],
    });
    expect(await shop.rows("select fields, status from email_subscribers")).toEqual([
      { fields: { name: "B" }, status: "bounced" },
    ]);
  });

  test("404: of an administrator's import into another owner's list is refused to other keys of the administrator's owner", async () => {
    const [list] = await shop.rows(
      "insert into email_lists (owner, name, created_at) values ('ann', 'Hers', now()) returning id",
    );
    const done = await shop.run(csv("ada@example.com,Ada"), { options: { listId: list?.id } });
    const key = await createApiKey(shop.database.project, { name: "shop", role: "app", owner: "operator" });
    const headers = { authorization: `Bearer ${key}` };
    const refused = await shop.call("POST", `/api/imports/${done.id}/undo`, undefined, headers);
    expect(refused).toMatchObject({ status: 404, body: { code: "not_found" } });
    expect(await shop.rows("select email from email_subscribers")).toEqual([{ email: "ada@example.com" }]);
    // The same key undoes an import into the owner's own list, and the administrator undoes both.
    const own = await shop.run(csv("bob@example.com,Bob"));
    expect((await shop.call("POST", `/api/imports/${own.id}/undo`, undefined, headers)).status).toBe(202);
    expect((await undo(done.id)).body.undo).toMatchObject({ undone: 1 });
  });

  test("lists a row that another table refers to as a conflict, and undoes the rest", async () => {
    const lines = Array.from({ length: 100 }, (_, n) => `q${n}@example.com,Q`);
    const done = await shop.run(csv(...lines));
    await shop.rows("create table readers (id bigint references email_subscribers (id))");
    await shop.rows("insert into readers select id from email_subscribers where email = 'q42@example.com'");
    const { body } = await undo(done.id);
    await shop.rows("drop table readers");
    expect(body).toMatchObject({
      undo: { undone: 99, conflicts: 1 },
      conflicts: [{ row: 43, reason: "in_use" }],
    });
  });

  test("completes when its dead letter is reprocessed, or when its canceled job is run again", async () => {
    const key = await createApiKey(shop.database.project, { name: "ann", role: "app", owner: "ann" });
    const asAnn = { authorization: `Bearer ${key}` };
    await shop.rows(
      `create function no() returns trigger language plpgsql as $$ begin raise 'not now' using errcode = 'P0001'; end $$;
      create trigger broken before delete on email_subscribers for each row execute function no()`,
    );
    const failing = await shop.run(csv("ada@example.com,1", "bob@example.com,1"));
    await shop.rows("update imports set owner = 'ann' where id = $1", [failing.id]);
    const failed = await shop.call("POST", `/api/imports/${failing.id}/undo`);
    expect((await shop.call("GET", failed.body.statusUrl, undefined, asAnn)).status).toBe(200);
    const letters = async () => (await shop.call("GET", `/api/dead-letters?job=${failed.body.jobId}`)).body;
    await shop.engine.waitFor(async () => (await letters()).items.length === 1);
    await shop.rows("drop trigger broken on email_subscribers; drop function no()");
    await shop.call("POST", `/api/dead-letters/${(await letters()).items[0].id}/reprocess`);
    await shop.engine.waitFor(async () => (await shop.read(failing.id)).undo.undoneAt !== null);
    expect((await shop.read(failing.id)).undo).toMatchObject({ status: "completed", undone: 2 });
    expect(
      await shop.rows("select owner from notifications where type = 'import_undone' and owner = 'ann'"),
    ).toHaveLength(1);

    const stopped = await shop.run(csv("eve@example.com,1"));
    const { body } = await shop.call("POST", `/api/imports/${stopped.id}/undo`);
    await shop.call("DELETE", body.statusUrl);
    await shop.call("POST", `${body.statusUrl}/run-again`);
    await shop.engine.waitFor(async () => (await shop.read(stopped.id)).undo.undoneAt !== null);
    expect(await table()).toEqual([]);
    // A completed undo that is run again completes, and changes nothing.
    const { undo: undone } = await shop.read(stopped.id);
    const again = await shop.call("POST", `${undone.jobUrl}/run-again`);
    const status = async () => (await shop.call("GET", again.body.statusUrl)).body.status;
    await shop.engine.waitFor(async () => (await status()) === "completed");
    expect((await shop.read(stopped.id)).undo).toEqual(undone);
  });

  test("409: is refused for a dry run and for an import in progress", async () => {
    const dry = await shop.run(csv("dry@example.com,1"), { dryRun: true });
    expect((await undo(dry.id)).body.code).toBe("conflict");
    const asked = await shop.ask(csv("work@example.com,1"));
    expect((await undo(asked.body.importId)).body.code).toBe("conflict");
    await shop.ended(asked.body.importId);
  });

  test("removes what a canceled import had written", async () => {
    let opened = 0;
    let early: unknown;
    const lines = Array.from({ length: 12_000 }, (_, n) => `c${n}@example.com,C`);
    const asking = shop.ask(csv(...lines));
    shop.hooks.beforeOpen = async () => {
      opened += 1;
      if (opened !== 3) return;
      const { importId } = (await asking).body;
      await shop.call("DELETE", `/api/imports/${importId}`);
      // A part is still being worked on, so its rows could be written after the undo.
      early = await shop.call("POST", `/api/imports/${importId}/undo`);
    };
    const asked = await asking;
    const canceled = await shop.ended(asked.body.importId);
    shop.hooks.beforeOpen = async () => {};
    await shop.engine.advance("5m");
    expect(canceled.status).toBe("canceled");
    expect(early).toMatchObject({ status: 409, body: { code: "conflict" } });
    const written = (await shop.read(asked.body.importId)).counts.inserted;
    expect(await table()).toHaveLength(written);
    const { body } = await undo(asked.body.importId);
    expect(body.undo).toMatchObject({ undone: written, conflicts: 0 });
    expect(await table()).toEqual([]);
  });
});

test("a retry imports only the rejected rows, with the same mapping", async () => {
  await shop.rows("alter table email_subscribers add constraint not_yet check (email not like 'late%')");
  const done = await shop.run("mail,who\nada@example.com,=Ada\nlate@example.com,=Late\nbad,Bad\n", {
    mapping: { mail: "email", who: "name" },
  });
  await shop.rows("alter table email_subscribers drop constraint not_yet");
  const asked = await shop.call("POST", `/api/imports/${done.id}/retry`);
  const again = await shop.ended(asked.body.importId);
  expect(again.counts).toEqual({ inserted: 1, updated: 0, unchanged: 0, skipped: 0, rejected: 1 });
  expect(await shop.people()).toEqual([
    { email: "ada@example.com", fields: { name: "=Ada" } },
    { email: "late@example.com", fields: { name: "=Late" } },
  ]);
});

test("housekeeping deletes files that are no longer needed, and imports after a month", async () => {
  const uploadId = await shop.upload(csv("old@example.com,1", "bad,2"));
  const file = () => shop.rows("select name from storage.objects where name = $1", [uploadId]);
  const done = await shop.run({ uploadId });
  expect(await file()).toHaveLength(1);
  await shop.app.keepHouse();
  expect(await file()).toEqual([]);
  await shop.engine.advance("31d");
  await shop.app.keepHouse();
  expect((await shop.call("GET", `/api/imports/${done.id}`)).status).toBe(404);
  const left =
    "select (select count(*)::int from import_rows) as rows, (select count(*)::int from import_files) as files";
  expect(await shop.rows(left)).toEqual([{ rows: 0, files: 0 }]);
});

test("housekeeping keeps the file of an import in progress, however old it is", async () => {
  shop.hooks.beforeOpen = async () => {
    await shop.rows("update import_files set expires_at = '2020-01-01Z'");
    await shop.app.keepHouse();
  };
  const done = await shop.run(csv("kept@example.com,K"));
  shop.hooks.beforeOpen = async () => {};
  expect(done).toMatchObject({ status: "completed", counts: { inserted: 1 } });
});
