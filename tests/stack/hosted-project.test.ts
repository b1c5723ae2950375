/** `npm start` with only a hosted SUPABASE_URL: it migrates nothing there, but reports missing migrations. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { verifySchema } from "@nightshift/local/stack/database.ts";
import { createGateway } from "@nightshift/local/supabase/gateway.ts";
import { migrate } from "@nightshift/local/supabase/migrate.ts";
import { serve } from "@nightshift/local/supabase/server.ts";
import { afterEach, expect, test } from "vitest";
import { freshDatabase } from "../support/database.ts";

const migrations = "supabase/migrations";
const versions = fs
  .readdirSync(migrations)
  .toSorted()
  .map((file) => file.split("_")[0]);
const [newest, before] = versions.toReversed();

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

/** A database behind the gateway, over HTTP, like a hosted project for the stack. */
async function hosted({ migrated = true } = {}) {
  const { url: databaseUrl, keys, sql, close } = await freshDatabase({ migrated });
  opened.push(close);
  const storageDir = fs.mkdtempSync(path.join(os.tmpdir(), "nightshift-hosted-"));
  const gateway = await createGateway({ databaseUrl, keys, storageDir });
  const server = await serve(gateway.handle, 0);
  opened.push(async () => {
    await server.close();
    await gateway.close();
    fs.rmSync(storageDir, { recursive: true, force: true });
  });
  const said: string[] = [];
  const verify = (secretKey = keys.secret) =>
    verifySchema({ SUPABASE_URL: server.url, SUPABASE_SECRET_KEY: secretKey }, migrations, (sentence) =>
      said.push(sentence),
    );
  return { url: server.url, databaseUrl, sql, said, verify };
}

const push = expect.stringContaining("npx supabase db push --remote");

test("a hosted project that is up to date is used, with a warning that the engine's state is in memory", async () => {
  const { url, said, verify } = await hosted();
  await verify();
  expect(said).toEqual([
    `The schema of ${url} is up to date (${newest}).`,
    expect.stringContaining("Without DATABASE_URL the engine keeps its state in memory"),
  ]);
});

test("a project that lacks a migration is refused, with both versions and the command to run", async () => {
  const { url, sql, said, verify } = await hosted();
  await sql.query("delete from supabase_migrations.schema_migrations where version = $1", [newest]);
  await expect(verify()).rejects.toMatchObject({
    message: `The schema of ${url} is at ${before}, the code needs ${newest}.`,
    wayOut: push,
  });
  expect(said).toEqual([]);
});

test("a project with no record of applied migrations is refused", async () => {
  const { url, sql, verify } = await hosted();
  await sql.query("delete from supabase_migrations.schema_migrations");
  await expect(verify()).rejects.toMatchObject({
    message: `The schema of ${url} is at no version, the code needs ${newest}.`,
    wayOut: push,
  });
});

test("a project without our tables is refused", async () => {
  const { url, databaseUrl, verify } = await hosted({ migrated: false });
  await migrate(databaseUrl, "tests/fixtures/supabase");
  await expect(verify()).rejects.toMatchObject({
    message: `${url} has none of Nightshift's tables.`,
    wayOut: push,
  });
});

test("a wrong key and missing tables have different messages", async () => {
  const { url, verify } = await hosted();
  await expect(verify("sb_secret_of_another_project")).rejects.toMatchObject({
    message: expect.stringContaining(`${url} does not let us in: `),
    wayOut: "Check SUPABASE_URL and SUPABASE_SECRET_KEY.",
  });
});
