import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { expect, test } from "vitest";
import { readEnv } from "#lib/env.ts";

const read = (path: string) => readFileSync(resolve(import.meta.dirname, "../..", path), "utf8");
const example = parseEnv(read(".env.example"));

/** Read by tools on a developer's machine, never by the functions. */
const TOOLS_ONLY = ["DATABASE_URL"];

test("S4-25: .env.example names every variable that the app reads, and no other", () => {
  const schema = ["src/lib/env.ts", "src/lib/env-mail.ts"].map(read).join("\n");
  const known = [...schema.matchAll(/^ {2}([A-Z][A-Z_]+): /gm)].map(([, name]) => String(name));
  expect(Object.keys(example).toSorted()).toEqual([...known, ...TOOLS_ONLY].toSorted());
});

test("the values of .env.example are valid once the empty secrets are filled in", () => {
  const filled = {
    INNGEST_EVENT_KEY: "key",
    LINK_SECRET: "a secret of at least 32 characters",
    ...Object.fromEntries(Object.entries(example).filter(([, value]) => value !== "")),
  };
  // "…" stands for a value of the reader's own keys.
  expect(() => readEnv(filled)).toThrow(/SUPABASE_SECRET_KEY/);
  const copied = Object.entries(filled).map(([name, value]) => [name, value.replace("…", "00")]);
  expect(readEnv(Object.fromEntries(copied))).toMatchObject({ NIGHTSHIFT_ENV: "production", PLAN: "free" });
});
