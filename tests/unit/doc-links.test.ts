/** Everything that the guides refer to exists: files, commands, variables. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { expect, test } from "vitest";
import { readEnv } from "#lib/env.ts";

const root = resolve(import.meta.dirname, "../..");
const guides = ["", "docs", "local", "examples"].flatMap((folder) =>
  readdirSync(resolve(root, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name)),
);
const read = (file: string) => readFileSync(resolve(root, file), "utf8");
const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, found = ""]) => found);

/** Files that docs/add-a-job.md asks its reader to write. */
const workedExample = /list[-_]reports/;

test.each(guides)("%s: every link and every file that it names exists", (guide) => {
  const text = read(guide);
  const links = all(text, /\]\((?!https?:|#)([^)#]+)/g).map((link) => resolve(root, dirname(guide), link));
  const files = all(text, /`((?:src|tests|local|scripts|netlify|supabase)\/[\w./-]+)`/g)
    .filter((file) => !workedExample.test(file))
    .map((file) => resolve(root, file));
  expect([...links, ...files].filter((path) => !existsSync(path))).toEqual([]);
});

test.each(guides)("%s: every npm script that it names exists", (guide) => {
  const { scripts } = JSON.parse(read("package.json"));
  const named = all(read(guide), /npm run ([\w:]+)/g);
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});

test.each(guides)("%s: its commands are for production only", (guide) => {
  const commands = read(guide).split("\n");
  // A value without a context would also apply to previews, and the CLI refuses `--secret` without a context.
  const values = commands.filter((line) => /netlify env:set [A-Z…]/.test(line));
  expect(values.filter((line) => !line.includes(" --context "))).toEqual([]);
  // Without `--remote` the CLI means its own local stack.
  const pushes = commands.filter((line) => /supabase db push/.test(line));
  expect(pushes.filter((line) => !line.includes("db push --remote"))).toEqual([]);
});

test("docs/deploy.md sets every variable that production needs, and none that must not be set", () => {
  const guide = read("docs/deploy.md");
  const set = all(guide, /netlify env:set ([A-Z_]+)/g);
  const example = parseEnv(read(".env.example"));
  const needed = all(complaintOf({ NIGHTSHIFT_ENV: "production" }), /([A-Z_]+) is missing/g);
  expect(needed).toContain("SUPABASE_URL");
  expect(needed.filter((name) => !set.includes(name))).toEqual([]);
  expect(set.filter((name) => !(name in example))).toEqual([]);
  expect(set.filter((name) => ["INNGEST_DEV", "DATABASE_URL"].includes(name))).toEqual([]);
});

test("the README's table names only variables that are read", () => {
  const table = read("README.md").split("## Environment")[1]?.split("\n## ")[0] ?? "";
  const named = all(table, /`([A-Z][A-Z_]+)`/g);
  expect(named.length).toBeGreaterThan(5);
  const known = Object.keys(parseEnv(read(".env.example")));
  expect(named.filter((name) => !known.includes(name))).toEqual([]);
});

function complaintOf(environment: Record<string, string>): string {
  try {
    readEnv(environment);
    return "";
  } catch (error) {
    return String(error);
  }
}
