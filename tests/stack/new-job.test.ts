import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import ts from "typescript";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { namesOf } from "../../scripts/new-job/names.ts";
import { filesOf, migration } from "../../scripts/new-job/templates.ts";
import { testApp } from "../support/app.ts";
import { freshDatabase } from "../support/database.ts";
import { insertJob } from "../support/jobs.ts";

const root = resolve(import.meta.dirname, "../..");
const copy = mkdtempSync(join(tmpdir(), "nightshift-new-job-"));
afterAll(() => rmSync(copy, { recursive: true, force: true }));

const COPIED =
  ".gitignore src scripts tests/support tests/workflows/our-outages.test.ts supabase/migrations package.json tsconfig.json biome.json README.md".split(
    " ",
  );
const bin = (name: string) => join(root, "node_modules/.bin", name);
const failed = z.object({ code: z.number(), stdout: z.string(), stderr: z.string() });
const inCopy = (file: string, ...args: string[]) =>
  promisify(execFile)(file, args, { cwd: copy }).then(
    ({ stdout }) => ({ code: 0, said: stdout }),
    (error: unknown) => {
      const { code, stdout, stderr } = failed.parse(error);
      return { code, said: stdout + stderr };
    },
  );
const read = (file: string) => readFileSync(join(copy, file), "utf8");

/** Only those of these files: `tsc` would check every file that they import, which `npm run check:code` does. */
const typeErrorsIn = (files: string[]) => {
  const { config } = ts.readConfigFile(join(copy, "tsconfig.json"), ts.sys.readFile) as { config: unknown };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, copy);
  const program = ts.createProgram(
    files.map((file) => join(copy, file)),
    options,
  );
  return files.flatMap((file) => {
    const source = program.getSourceFile(join(copy, file));
    if (source === undefined) return [`${file} is not there`];
    return ts
      .getPreEmitDiagnostics(program, source)
      .map(({ messageText }) => `${file}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`);
  });
};

test("npm run new:job writes a room that is registered, formatted, documented and compiles", async () => {
  for (const path of COPIED) cpSync(join(root, path), join(copy, path), { recursive: true });
  for (const path of ["node_modules", "local"]) symlinkSync(join(root, path), join(copy, path));
  const made = await inCopy(bin("tsx"), "scripts/new-job.ts", "parcel-office/hand-out-parcel");
  expect(made).toMatchObject({ code: 0 });

  expect(read("src/rooms.ts")).toContain("  parcelOffice,\n  jobs,");
  expect(read("src/functions.ts")).toContain("  handOutParcel(platform),\n");
  expect(read("src/event-schemas.ts")).toContain("  parcelOffice,\n  jobs,");
  expect(read("tests/workflows/our-outages.test.ts")).toContain('\n  "hand-out-parcel": {\n');
  expect(read("src/cost/executions.ts")).toContain('\n  "hand-out-parcel": 4,\n');
  const [sql] = made.said.split("\n").filter((path) => path.endsWith("_hand_out_parcel.sql"));
  const [version, ...earlier] = readdirSync(join(copy, "supabase/migrations"))
    .map((name) => name.slice(0, 14))
    .toSorted()
    .toReversed();
  expect(sql).toBe(`supabase/migrations/${version}_hand_out_parcel.sql`);
  expect(earlier).not.toContain(version);
  expect(read("src/lib/database/newest-migration.ts")).toContain(`"${version}"`);
  expect(read("README.md")).toContain(
    "| `parcel-office/hand.out-parcel` | `hand-out-parcel` | 10 | 5 (`standard`) |",
  );
  expect(await inCopy(bin("tsx"), "scripts/generate-docs.ts", "--check")).toMatchObject({ code: 0 });

  const files = made.said.split("\n").filter((path) => path.endsWith(".ts"));
  expect(await inCopy(bin("biome"), "check", ...files)).toMatchObject({ code: 0 });
  expect(typeErrorsIn(files)).toEqual([]);

  expect(await inCopy(bin("tsx"), "scripts/new-job.ts", "parcel-office/weigh-parcel")).toEqual({
    code: 1,
    said: "The room src/parcel-office is there already: write the job's files into it.\n",
  });
  writeFileSync(
    join(copy, "README.md"),
    read("README.md").replace("| `parcel-office/hand.out-parcel`", "| `x`"),
  );
  expect((await inCopy(bin("tsx"), "scripts/generate-docs.ts", "--check")).code).toBe(1);
});

test("the page and the list of functions show a sentence for the new function, and a subject for its jobs", async () => {
  const database = await freshDatabase();
  onTestFinished(() => database.close());
  const site = await testApp(database);
  await database.sql.query(migration(namesOf("invoices/copy-customer")));
  const functionId = "copy-customer";
  const data = { customerId: randomUUID() };
  const id = await insertJob(database.sql, { functionId, event: "invoices/copy.customer", data });
  expect((await site.call("GET", `/api/jobs/${id}`, { as: "admin" })).body.subject).toBe(data.customerId);
  const { body } = await site.call("GET", "/api/functions", { as: "admin" });
  expect(body.items).toContainEqual(
    expect.objectContaining({ function: functionId, summary: "Copies customer" }),
  );
});

test("S4-71: the new function validates, processes and notifies, with five retries, a concurrency of ten and onFailure", () => {
  const text = filesOf(namesOf("invoices/remind-customer"))["src/invoices/remind-customer.ts"] ?? "";
  expect([...text.matchAll(/step\.run\("(\w+)"/g)].map(([, step]) => step)).toEqual([
    "validate",
    "process",
    "notify",
  ]);
  expect(text).toContain("flow.prioritized(10)");
  expect(text).toContain('...tries("standard"),');
  expect(text).toMatch(/^ +onFailure,$/m);
});

describe("new:job refuses with one sentence of explanation", () => {
  test.each([
    [undefined, "Name the room and the job"],
    ["invoices", "is not <room>/<verb-noun>"],
    ["invoices/remind", "is not <room>/<verb-noun>"],
    ["Invoices/remind-customer", "is not <room>/<verb-noun>"],
    ["../x/remind-customer", "is not <room>/<verb-noun>"],
    [`invoices/remind-${"x".repeat(80)}`, "is not <room>/<verb-noun>"],
    ["lib/remind-customer", "cannot be a room"],
    ["import/read-file", "cannot be a room"],
    ["try/read-file", "cannot be a room"],
  ])("%s", (wanted, sentence) => {
    expect(() => namesOf(wanted)).toThrow(sentence);
  });
});
