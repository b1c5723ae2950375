import { randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";
import { createApiKey } from "@nightshift/local/api-key.ts";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type ImportShop, importShop } from "../../support/import-shop.ts";

let shop: ImportShop;
beforeAll(async () => {
  shop = await importShop();
});
afterAll(() => shop.close());
beforeEach(async () => {
  shop.hooks.beforeOpen = async () => {};
  shop.hooks.beforeRead = async () => {};
  await shop.rows("delete from email_subscribers");
});

const csv = (...lines: string[]) => `${["E-Mail,Name", ...lines].join("\n")}\n`;
const counts = (some: object) => ({
  inserted: 0,
  updated: 0,
  unchanged: 0,
  skipped: 0,
  rejected: 0,
  ...some,
});

describe("an import", () => {
  test("S4-8: is accepted, written and summed up, and each row is counted once", async () => {
    const asked = await shop.ask(csv("ada@example.com,Ada", "bob@example.com,Bob", "nobody,Eve"));
    expect(asked).toMatchObject({ status: 202, body: { message: "Importing" } });
    const done = await shop.ended(asked.body.importId);
    expect(done).toMatchObject({
      status: "completed",
      counts: counts({ inserted: 2, rejected: 1 }),
      progress: { phase: "ended", percent: 100, rowsDone: 3, rowsTotal: 3 },
      mapping: { "E-Mail": "email", Name: "Name" },
      summary: {
        total: 3,
        successful: 2,
        failed: 1,
        errors: [{ line: 4, offset: 52, column: "E-Mail", code: "invalid_email", raw: "nobody,Eve" }],
      },
    });
    expect(await shop.people()).toEqual([
      { email: "ada@example.com", fields: { Name: "Ada" } },
      { email: "bob@example.com", fields: { Name: "Bob" } },
    ]);
    const { body } = await shop.call("GET", "/api/notifications");
    expect(body.items[0]).toMatchObject({ type: "import_ready", data: { importId: done.id } });
  });

  test("S4-30, S4-31, T8: writes five parts of a file at once, and their events contain ranges, never rows", async () => {
    let most = 0;
    shop.hooks.beforeOpen = async () => {
      const [{ count }] = await shop.rows("select count(*)::int from job_parts where status = 'claimed'");
      most = Math.max(most, count);
    };
    const lines = Array.from({ length: 41_000 }, (_, n) => `p${n}@example.com,Person ${n}`);
    const { id, ...done } = await shop.run(csv(...lines));
    expect(done.counts).toEqual(counts({ inserted: 41_000 }));
    expect(most).toBe(5);
    const runs = shop.engine.runs();
    expect(runs.find(({ events }) => events[0]?.id === id)?.output).toEqual({
      totalRecords: 41_000,
      batches: 9,
    });
    const parts = runs.flatMap(({ events }) => events).filter(({ data }) => data?.["parentJobId"] === id);
    expect(parts.map(({ data }) => data?.["batchIndex"])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    for (const { data } of parts) expect(JSON.stringify(data).length).toBeLessThan(300);
  });

  test("counts rows as inserted, updated, unchanged or skipped", async () => {
    await shop.run(csv("ada@example.com,Ada", "bob@example.com,Bob"));
    const again = await shop.run(
      csv("ada@example.com,Ada", "BOB@example.com,Bobby", "eve@example.com,E", "eve@example.com,Eve"),
    );
    expect(again.counts).toEqual(counts({ inserted: 1, updated: 1, unchanged: 1, skipped: 1 }));
    expect(await shop.people()).toEqual([
      { email: "ada@example.com", fields: { Name: "Ada" } },
      { email: "BOB@example.com", fields: { Name: "Bobby" } },
      { email: "eve@example.com", fields: { Name: "Eve" } },
    ]);
  });

  test("of several rows with the same key writes the last one, in whichever order the parts run", async () => {
    const filler = (from: number) =>
      Array.from({ length: 5_200 }, (_, n) => `p${from + n}@example.com,Person ${from + n}`);
    const lines = ["ada@example.com,First", ...filler(0), "ada@example.com,Second", ...filler(6_000)];
    const done = await shop.run(csv(...lines, "Ada@example.com,Third"));
    expect(done.counts).toEqual(counts({ inserted: 10_401, skipped: 2 }));
    expect((await shop.people())[0]).toEqual({ email: "Ada@example.com", fields: { Name: "Third" } });
  });

  test("writes the last row even when its part is finished first", async () => {
    const filler = Array.from({ length: 10_005 }, (_, n) => `p${n}@example.com,Person ${n}`);
    const uploadId = await shop.upload(csv("ada@example.com,First", ...filler, "ada@example.com,Last"));
    // Of this import alone: the parts of earlier tests stay until housekeeping deletes them.
    const count = async (condition: string) => {
      const parts =
        "select count(*)::int from job_parts join jobs on jobs.id = job_id where event_data ->> 'fileUrl' = $1 and ";
      return (await shop.rows(parts + condition, [`storage://${uploadId}`]))[0].count;
    };
    let waited = false;
    shop.hooks.beforeRead = async (from) => {
      // Once the parts are planned, only the first part reads the beginning of the file.
      if (from > 1_000 || (await count("true")) < 3) return;
      const done = () => count("part_no = 3 and job_parts.status = 'done' and total_count = 7");
      await expect.poll(done, { timeout: 20_000 }).toBe(1);
      waited = true;
    };
    const done = await shop.run({ uploadId });
    expect(waited).toBe(true);
    expect(done.counts).toEqual(counts({ inserted: 10_006, skipped: 1 }));
    expect((await shop.people())[0]).toEqual({ email: "ada@example.com", fields: { Name: "Last" } });
  });

  test("counts rows once when they are written twice after a lost answer", async () => {
    let opened = 0;
    const states: unknown[] = [];
    shop.hooks.beforeOpen = async () => {
      opened += 1;
      if (opened !== 2) return;
      const rows = ["ada", "bob"].map((name, n) => {
        const email = `${name}@example.com`;
        return { n: n + 1, k: email, v: { email, fields: {} } };
      });
      const write =
        "select write_import_rows(id, lease_token, 1, 3, $1, '[]', now()) as state from job_parts where status = 'claimed'";
      for (let n = 0; n < 2; n++) states.push(...(await shop.rows(write, [JSON.stringify(rows)])));
    };
    const done = await shop.run(csv("ada@example.com,", "bob@example.com,", "eve@example.com,"));
    expect(states).toEqual([{ state: "open" }, { state: "open" }]);
    expect(done.counts).toEqual(counts({ inserted: 3 }));
  });

  test.each([
    ["insert", counts({ inserted: 1, skipped: 1 }), "Ada"],
    ["update", counts({ updated: 1, skipped: 1 }), "Adele"],
    ["upsert", counts({ inserted: 1, updated: 1 }), "Adele"],
  ])("S4-9: changes rows in bulk by the merge rule %s", async (merge, expected, name) => {
    await shop.run(csv("ada@example.com,Ada"), { again: true });
    const done = await shop.run(csv("ada@example.com,Adele", "new@example.com,New"), { merge, again: true });
    expect(done.counts).toEqual(expected);
    expect((await shop.people())[0].fields).toEqual({ Name: name });
  });

  test("keeps a field whose column is absent, or clears it when the request says so", async () => {
    await shop.run("email,city,name\nada@example.com,London,Ada\n", { again: true });
    await shop.run("email,name\nada@example.com,Adele\n", { again: true });
    expect((await shop.people())[0].fields).toEqual({ city: "London", name: "Adele" });
    await shop.run("email,name\nada@example.com,Ada\n", { again: true, absent: "clear" });
    expect((await shop.people())[0].fields).toEqual({ name: "Ada" });
  });

  test("updates the fields of an unsubscribed address, but not its status", async () => {
    await shop.run(csv("ada@example.com,Ada"), { again: true });
    await shop.rows("update email_subscribers set status = 'unsubscribed'");
    await shop.run(csv("ada@example.com,Adele"), { again: true });
    expect(await shop.rows("select status, fields from email_subscribers")).toEqual([
      { status: "unsubscribed", fields: { Name: "Adele" } },
    ]);
  });

  test.each([
    [
      "NDJSON",
      Buffer.from('{"email":"ada@example.com","name":"Ada"}\n{"E-Mail":"bob@example.com","age":5}\n'),
    ],
    [
      "a JSON array",
      Buffer.from('[{"email":"ada@example.com","name":"Ada"},{"E-Mail":"bob@example.com","age":5}]'),
    ],
    ["gzip", gzipSync('{"email":"ada@example.com","name":"Ada"}\n{"E-Mail":"bob@example.com","age":5}\n')],
  ])("reads %s", async (_, bytes) => {
    const done = await shop.run(bytes, { again: true });
    expect(done.counts).toEqual(counts({ inserted: 2 }));
    expect(await shop.people()).toEqual([
      { email: "ada@example.com", fields: { name: "Ada" } },
      { email: "bob@example.com", fields: { age: 5 } },
    ]);
  });

  test("an upload's address has what docs/imports.md tells a client of resumable uploads to take from it", async () => {
    const { body } = await shop.call("POST", "/api/imports/uploads", { fileName: "people.csv" });
    const { origin, pathname, searchParams } = new URL(body.url);
    expect(origin).toBe(shop.database.env.SUPABASE_URL);
    expect(pathname).toBe(`/storage/v1/object/upload/sign/imports/${body.uploadId}`);
    expect(searchParams.get("token")?.split(".")).toHaveLength(3);
    // The two hours for which Storage accepts the token.
    const { exp } = JSON.parse(
      Buffer.from(searchParams.get("token")?.split(".")[1] ?? "", "base64url").toString(),
    );
    expect(exp * 1000).toBeGreaterThanOrEqual(Date.now() + 7_000_000);
  });

  test("can have a small file in the request itself", async () => {
    const done = await shop.run(
      { content: csv("ada@example.com,Ada"), fileName: "small.csv" },
      { again: true },
    );
    expect(done).toMatchObject({ fileName: "small.csv", counts: counts({ inserted: 1 }) });
  });

  test.each([
    ["double_field", { b: "email", c: "email" }],
    ["unknown_column", { b: "email", d: "name" }],
  ])("refuses a mapping by its fault: %s", async (reason, mapping) => {
    const file = "a,b,c\nAda,ada@example.com,x\n";
    const ended = await shop.run(file, { target: "contacts", mapping, again: true });
    expect(ended).toMatchObject({ status: "failed", error: { details: { reason } } });
    expect(await shop.rows("select from contacts where email = 'ada@example.com'")).toEqual([]);
  });

  test("400: a mapping to fields that the target lacks, which are named with the fields that it has", async () => {
    const mapping = { a: "surname", b: "email", c: null, d: "__proto__" };
    const { status, body } = await shop.ask("a,b,c,d\n1,ada@example.com,3,4\n", {
      target: "contacts",
      mapping,
    });
    const must = "must be null or a field of contacts (email, name, phone, company, note), not";
    expect({ status, ...body }).toMatchObject({
      status: 400,
      code: "invalid_request",
      detail: `The body field "mapping.a" ${must} "surname"`,
      details: [
        { field: "mapping.a", message: `${must} "surname"` },
        { field: "mapping.d", message: `${must} "__proto__"` },
      ],
    });
  });

  test("names the columns that it does not read, twenty at most", async () => {
    const unread = Array.from({ length: 25 }, (_, n) => `x${n}`);
    const file = `email,import_code,${unread.join()}\nada@example.com,bad,${unread.join()}\n`;
    const { summary } = await shop.run(file, { target: "contacts", dryRun: true });
    expect(summary.unreadColumns).toEqual({ count: 25, names: unread.slice(0, 20) });
    const all = await shop.run(file, { dryRun: true, again: true });
    expect(all.summary.unreadColumns).toEqual({ count: 0, names: [] });
  });

  test("keeps an apostrophe before a sign, which only rejects.csv adds", async () => {
    await shop.run(csv("ada@example.com,'+49 30"), { again: true });
    expect(await shop.people()).toContainEqual({ email: "ada@example.com", fields: { Name: "'+49 30" } });
  });

  test("404: another owner's upload can be neither read nor imported", async () => {
    const source = { uploadId: await shop.upload(csv("ada@example.com,Ada")) };
    const key = await createApiKey(shop.database.project, { name: "eve", role: "app", owner: "eve" });
    const headers = { authorization: `Bearer ${key}` };
    for (const path of ["/api/imports/guess", "/api/imports"]) {
      const answer = await shop.call("POST", path, { source, target: "contacts" }, headers);
      expect(answer).toMatchObject({ status: 404, body: { detail: "Upload not found" } });
    }
  });

  test("follows the mapping of the request", async () => {
    const file = "a,b,c\nAda,ada@example.com,x\n";
    const refused = await shop.run(file);
    expect(refused).toMatchObject({ status: "failed", error: { details: { reason: "no_email_column" } } });
    await shop.run(file, { mapping: { A: "name", b: "email", c: null } });
    expect(await shop.people()).toEqual([{ email: "ada@example.com", fields: { name: "Ada" } }]);
  });

  test("writes contacts and products by the rules of each target", async () => {
    const contacts = await shop.run(
      { content: "Mail,Tel,Full name\nada@example.com,+49 1,Ada\nbad,,\n" },
      { target: "contacts" },
    );
    expect(contacts).toMatchObject({ counts: counts({ inserted: 1, rejected: 1 }) });
    expect(await shop.rows("select owner, email, phone, name, company from contacts")).toEqual([
      { owner: "operator", email: "ada@example.com", phone: "+49 1", name: "Ada", company: null },
    ]);
    const products = await shop.run(
      { content: "sku;price;stock\nA1;12.50;3\nA2;cheap;1\nA3;1;many\n" },
      { target: "products" },
    );
    expect(products.summary.errors).toMatchObject([
      { column: "price", code: "invalid_price", hint: "Write a price like 12.50, with a point." },
      { column: "stock", code: "invalid_stock" },
    ]);
    expect(products.counts).toEqual(counts({ inserted: 1, rejected: 2 }));
    expect(await shop.rows("select sku, name, price_cents::int, stock from products")).toEqual([
      { sku: "A1", name: null, price_cents: 1250, stock: 3 },
    ]);
  });
});

describe("a dry run", () => {
  test("predicts counts and summary of the import, and writes nothing", async () => {
    await shop.run(csv("ada@example.com,Ada", "bob@example.com,Bob"), { again: true });
    const file = csv(
      "ada@example.com,Ada",
      "bob@example.com,B",
      "eve@example.com,E",
      "eve@example.com,F",
      "x,X",
    );
    const before = await shop.people();
    const dry = await shop.run(file, { dryRun: true });
    expect(await shop.people()).toEqual(before);
    const done = await shop.run(file);
    expect(dry.counts).toEqual(counts({ inserted: 1, updated: 1, unchanged: 1, skipped: 1, rejected: 1 }));
    expect(done.counts).toEqual(dry.counts);
    expect(dry.summary).toEqual(done.summary);
  });
});

describe("the same file", () => {
  test("409: is imported a second time only when the request says again", async () => {
    const file = csv("twice@example.com,Twice");
    const first = await shop.run(file);
    const second = await shop.ask(file);
    expect(second).toMatchObject({
      status: 409,
      body: {
        code: "already_imported",
        details: { importId: first.id },
        hint: expect.stringContaining("again"),
      },
    });
    await shop.run(file, { again: true });
    await shop.run(file, { dryRun: true });
    const other = await shop.call("POST", "/api/lists", { name: "Others" });
    await shop.run(file, { options: { listId: other.body.id } });
  });

  test("400: a missing option is named like other fields; the targets have the schema of their options", async () => {
    const refused = await shop.call("POST", "/api/imports", {
      source: { content: csv("a@example.com,A") },
      target: "subscribers",
    });
    expect(refused).toMatchObject({
      status: 400,
      body: {
        detail: 'The body field "options.listId" is missing',
        details: [{ field: "options.listId", message: "is missing" }],
      },
    });
    const { items } = (await shop.call("GET", "/api/imports/targets")).body;
    expect(items).toContainEqual(
      expect.objectContaining({
        name: "subscribers",
        options: expect.objectContaining({ required: ["listId"] }),
      }),
    );
  });

  test("requested twice under one Idempotency-Key is imported once", async () => {
    const ask = () =>
      shop.call(
        "POST",
        "/api/imports",
        {
          source: { content: csv("key@example.com,K") },
          target: "subscribers",
          options: { listId: shop.listId },
        },
        { "idempotency-key": "import-1" },
      );
    const first = await ask();
    expect((await ask()).body.importId).toBe(first.body.importId);
    await shop.ended(first.body.importId);
  });
});

describe("a rejected row", () => {
  const file = [
    "E-Mail,Name,Note",
    "ada@example.com,Ada,fine",
    'bob,"=HYPERLINK(""http://evil"")","two',
    'lines"',
    "'=x@y,'=quoted,+49 1",
    'eve@example.com,"Eve" Smith,',
  ].join("\r\n");

  test("can be corrected in rejects.csv and imported again, and no cell of that file is a formula", async () => {
    const done = await shop.run(file);
    expect(done.counts).toEqual(counts({ inserted: 1, rejected: 3 }));
    const text = await shop.rejects(done.id);
    const [header, ...rows]: string[][] = parse(text, { bom: true });
    expect(header?.slice(0, 5)).toEqual(["E-Mail", "Name", "Note", "import_line", "import_column"]);
    for (const cell of rows.flat()) expect(cell).not.toMatch(/^[=+\-@\t\r]/);
    const fixed = text.replace("bob,", "bob@example.com,").replace("''=x@y", "mallory@example.com");
    const again = await shop.run(fixed);
    expect(again.counts).toEqual(counts({ inserted: 2, rejected: 1 }));
    expect((await shop.people()).filter(({ email }) => email !== "ada@example.com")).toEqual([
      { email: "bob@example.com", fields: { Name: '=HYPERLINK("http://evil")', Note: "two\r\nlines" } },
      { email: "mallory@example.com", fields: { Name: "'=quoted", Note: "+49 1" } },
    ]);
  });

  test("T33: that the database refuses does not stop its neighbors", async () => {
    await shop.rows(
      "alter table email_subscribers add constraint no_poison check (email not like 'poison%')",
    );
    const lines = Array.from({ length: 1_500 }, (_, n) => `p${n}@example.com,P`);
    lines.splice(700, 0, "poison@example.com,P");
    const done = await shop.run(csv(...lines));
    await shop.rows("alter table email_subscribers drop constraint no_poison");
    expect(done.counts).toEqual(counts({ inserted: 1_500, rejected: 1 }));
    expect(done.summary.errors).toMatchObject([{ row: 701, line: 702, code: "not_stored" }]);
  });
});

describe("a file that cannot be imported", () => {
  test.each([
    ["an empty file", "", "empty"],
    ["a header alone", "email,name\n", "no_rows"],
    ["a web page", "<!doctype html><html><body>Log in</body></html>", "html"],
    ["an Excel workbook", "PK\u0003\u0004 [Content_Types].xml", "xlsx"],
    ["300 columns", `${Array.from({ length: 300 }, (_, n) => `c${n}`).join(",")}\nx\n`, "too_many_columns"],
    ["a double header", "email,E-Mail\na,b\n", "double_column"],
  ])("%s ends the import with the reason, and makes no dead letter", async (_, file, reason) => {
    const done = await shop.run(file);
    expect(done).toMatchObject({
      status: "failed",
      error: { code: "unreadable_table", hint: expect.any(String), details: { reason } },
    });
    expect(await shop.rows("select from dead_letter_queue")).toEqual([]);
  });

  test("because it changes while it is read ends the import as file_changed", async () => {
    const uploadId = await shop.upload(csv("ada@example.com,Ada", "new@example.com,N"));
    let opened = 0;
    shop.hooks.beforeOpen = async () => {
      opened += 1;
      if (opened === 2) await shop.replace(uploadId, csv("ada@example.com,Eve", "new@example.com,N"));
    };
    const done = await shop.run({ uploadId });
    expect(done).toMatchObject({ status: "failed", error: { code: "file_changed" }, counts: counts({}) });
    expect(await shop.people()).toEqual([]);
  });
});

test("S4-80, T40: app code can start an import by an event that names the file, the target and the owner", async () => {
  const uploadId = await shop.upload("mail,name\nada@example.com,Ada\n");
  const importId = randomUUID();
  await shop.engine.send({
    name: "import/start",
    data: { importId, fileUrl: `storage://${uploadId}`, importType: "contacts", userId: "ann" },
  });
  const done = await shop.ended(importId);
  expect(done).toMatchObject({ status: "completed", target: "contacts", counts: counts({ inserted: 1 }) });
  expect(await shop.rows("select owner from imports where id = $1", [importId])).toEqual([{ owner: "ann" }]);
  expect(await shop.rows("select email, name from contacts where owner = 'ann'")).toEqual([
    { email: "ada@example.com", name: "Ada" },
  ]);
});

test("an event whose import cannot be opened, such as one into a list, fails its job with a dead letter", async () => {
  const id = randomUUID();
  const fileUrl = `storage://${await shop.upload(csv("ada@example.com,Ada"))}`;
  const data = { importId: randomUUID(), fileUrl, importType: "subscribers", userId: "ann" };
  await shop.engine.send({ id, name: "import/start", data });
  await shop.engine.run(id, "process-import");
  await shop.engine.idle();
  expect(await shop.rows("select status from jobs where event_id = $1", [id])).toEqual([
    { status: "failed" },
  ]);
  expect(
    await shop.rows("select error_code, error_message from dead_letter_queue where event_id = $1", [id]),
  ).toEqual([{ error_code: "not_found", error_message: "List not found" }]);
});

test("T22: failed rows are not counted as successful, and all their errors can be downloaded", async () => {
  const bad = Array.from({ length: 150 }, (_, n) => `nobody ${n},Bad`);
  const done = await shop.run(csv(...bad, "ada@example.com,Ada"));
  expect(done.summary).toMatchObject({ total: 151, successful: 1, failed: 150 });
  expect(done.summary.errors).toHaveLength(100);
  expect(parse(await shop.rejects(done.id), { bom: true })).toHaveLength(151);
  const empty = await shop.run("");
  expect(empty).toMatchObject({ status: "failed", error: { code: "unreadable_table" } });
  expect(empty.progress.percent).toBeLessThan(100);
});

test("a saved mapping is suggested for the next file with the same columns", async () => {
  const file = (n: number) => `a,b\nPerson ${n},p${n}@example.com\n`;
  const mapping = { a: "name", b: "email" };
  await shop.run(file(1), { mapping });
  const guess = (content: string) =>
    shop.call("POST", "/api/imports/guess", { source: { content }, target: "subscribers" });
  expect((await guess(file(2))).body).toMatchObject({ mapping, mappingIs: "saved", missing: [] });
  expect((await guess("a,b,z\n1,2,3\n")).body).toMatchObject({ mappingIs: "suggested", missing: ["email"] });
});

test("a guess says what the import costs before it starts, as the engine counts it", async () => {
  const lines = Array.from({ length: 11_000 }, (_, n) => `p${10_000 + n}@example.com,Person ${10_000 + n}`);
  const uploadId = await shop.upload(csv(...lines));
  const { body } = await shop.call("POST", "/api/imports/guess", {
    source: { uploadId },
    target: "contacts",
  });
  const before = shop.engine.usage().executions;
  const started = await shop.ask({ uploadId }, { target: "contacts" });
  await shop.ended(started.body.importId);
  await shop.engine.idle();
  // Three parts.
  expect(shop.engine.usage().executions - before).toBe(10);
  expect(body.estimate).toEqual({ rows: 11_000, executions: 10, cheapestUsd: 0 });
  const long = `name\n${`${"x".repeat(4_000)}\n`.repeat(5_000)}`;
  const answer = await shop.call("POST", "/api/imports/guess", {
    source: { uploadId: await shop.upload(long) },
    target: "contacts",
  });
  // A part has at most 8 MiB: 20 MB are three parts.
  expect(answer.body.estimate).toMatchObject({ rows: 5_000, executions: 10 });
  const packed = await shop.call("POST", "/api/imports/guess", {
    source: { uploadId: await shop.upload(gzipSync("name\nAda\n")) },
    target: "contacts",
  });
  expect(packed.body.estimate).toBeNull();
});

test("the progress of an import never decreases", async () => {
  const percents: number[] = [];
  const lines = Array.from({ length: 21_000 }, (_, n) => `p${n}@example.com,Person ${n}`);
  const asking = shop.ask(csv(...lines));
  shop.hooks.beforeOpen = async () => {
    const { progress } = await shop.read((await asking).body.importId);
    percents.push(progress.percent);
  };
  const { body } = await asking;
  const done = await shop.ended(body.importId);
  percents.push(done.progress.percent);
  expect(percents.length).toBeGreaterThan(4);
  expect(percents).toEqual(percents.toSorted((a, b) => a - b));
  expect(percents.at(-1)).toBe(100);
});

test("a delay is kept: the import begins when it is over", async () => {
  const { body } = await shop.ask(csv("late@example.com,Late"), { delayMs: 120_000 });
  await shop.engine.advance("1m");
  expect((await shop.read(body.importId)).progress.phase).toBe("waiting");
  const { createdAt, startedAt } = await shop.ended(body.importId);
  expect(Date.parse(startedAt) - Date.parse(createdAt)).toBeGreaterThanOrEqual(120_000);
});

test("DELETE cancels an import, and the rest of the file is not written", async () => {
  const asked = await shop.ask(csv("canceled@example.com,C"));
  expect((await shop.call("DELETE", `/api/imports/${asked.body.importId}`)).status).toBe(202);
  expect(await shop.ended(asked.body.importId)).toMatchObject({ status: "canceled" });
  expect(await shop.people()).toEqual([]);
  expect((await shop.call("DELETE", `/api/imports/${asked.body.importId}`)).status).toBe(409);
});

test("a guess shows the file's encoding and separator, its first rows and a suggested mapping", async () => {
  const bytes = Buffer.from("Mail;Name\r\nada@example.com;Käthe\r\n", "latin1");
  const { body } = await shop.call("POST", "/api/imports/guess", {
    source: { uploadId: await shop.upload(bytes) },
    target: "contacts",
  });
  expect(body).toMatchObject({
    format: "csv",
    encoding: "windows-1252",
    separator: ";",
    columns: ["Mail", "Name"],
    mapping: { Mail: "email", Name: "name" },
    mappingIs: "suggested",
    missing: [],
    rows: [{ line: 2, cells: ["ada@example.com", "Käthe"] }],
    // One part.
    estimate: { rows: 1, executions: 6, cheapestUsd: 0 },
  });
});

test.each([false, true])(
  "an import (dry run: %s) whose list is deleted ends, and rejects no rows",
  async (dryRun) => {
    const { body: list } = await shop.call("POST", "/api/lists", { name: "Brief" });
    let opened = 0;
    shop.hooks.beforeOpen = async () => {
      opened += 1;
      if (opened === 2) expect((await shop.call("DELETE", `/api/lists/${list.id}`)).status).toBe(204);
    };
    const options = { listId: list.id };
    const done = await shop.run(csv("ada@example.com,Ada", "bob@example.com,Bob"), { options, dryRun });
    expect(done).toMatchObject({
      status: "failed",
      error: { code: "not_found", message: "List not found" },
      counts: counts({}),
    });
  },
);
