/**
 * Breaks each of our lint rules once: a small copy of the project with one wrong file per rule is linted with our own
 * configuration, and exactly the expected rule must report each file.
 */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";

const ROOT = resolve(import.meta.dirname, "../..");
/** oxlint exits with 1 when it finds something, and execFile then rejects with the output. */
const Findings = z.object({ stdout: z.string() });
const Report = z.object({ diagnostics: z.array(z.object({ code: z.string(), filename: z.string() })) });

/** Files that keep the rules; the wrong files import them. */
const HOUSE = {
  "src/app.ts": `import { jobs } from "#jobs/accept.ts";\nexport const app = () => jobs;\n`,
  "src/lib/errors.ts": "export class AppError extends Error {}\n",
  "src/lib/env.ts": "export const port = process.env.PORT;\n",
  "src/lib/database.ts": `import { createClient } from "@supabase/supabase-js";\nexport const connect = (url: string, key: string) => createClient(url, key);\n`,
  "src/jobs/accept.ts": "export const jobs = 1;\n",
  "src/dead-letters/on-failure.ts": "export const onFailure = 1;\n",
  "src/dead-letters/triage.ts": "export const triage = 1;\n",
  "src/reports/events.ts": `import { z } from "zod";\nexport const reportDue = z.string();\n`,
  "src/mail/send-mail.ts": [
    `import { onFailure } from "#dead-letters/on-failure.ts";`,
    `import { jobs } from "#jobs/accept.ts";`,
    `import { AppError } from "#lib/errors.ts";`,
    `import { reportDue } from "#reports/events.ts";`,
    "type Inngest = { createFunction(...parts: unknown[]): unknown };",
    "export const sendMail = (inngest: Inngest) => inngest.createFunction(onFailure, jobs, AppError, reportDue);",
    "",
  ].join("\n"),
  "src/dashboard/page.tsx": [
    `import type { triage } from "#dead-letters/triage.ts";`,
    "export const Page = ({ shown }: { shown: typeof triage }) => <p>{shown}</p>;",
    "",
  ].join("\n"),
  "netlify/functions/mail.ts": `import type { Config } from "@netlify/functions";\nimport { app } from "#app.ts";\nexport default () => new Response(String(app()));\nexport const config: Config = { path: "/api/mail" };\n`,
  "src/functions.ts": "export const allFunctions = () => [];\n",
  "netlify/functions/inngest.ts": `import { app } from "#app.ts";\nimport { allFunctions } from "#functions.ts";\nexport default () => new Response(String([app, allFunctions]));\n`,
} satisfies Record<string, string>;

const longFile = Array.from({ length: 201 }, (_, n) => `export const number${n} = ${n};\n`).join("");

/** [the rule, the file that breaks it, its text] */
const BROKEN: Array<[rule: string, file: string, text: string]> = [
  ["eslint(max-lines)", "src/lib/is-too-long.ts", longFile],
  ["house(imports)", "src/lib/knows-a-room.ts", `export { jobs } from "#jobs/accept.ts";\n`],
  ["house(imports)", "src/mail/knows-a-room.ts", `export { triage } from "#dead-letters/triage.ts";\n`],
  ["house(imports)", "src/mail/climbs.ts", `export { AppError } from "../lib/errors.ts";\n`],
  ["house(imports)", "src/mail/knows-the-root.ts", `export { app } from "#app.ts";\n`],
  ["house(imports)", "src/mail/carries-functions.ts", `export { allFunctions } from "#functions.ts";\n`],
  [
    "house(imports)",
    "netlify/functions/carries.ts",
    `export { allFunctions as default } from "#functions.ts";\n`,
  ],
  ["house(imports)", "src/mail/knows-local.ts", `export type { Plan } from "@nightshift/local/plan.ts";\n`],
  ["house(imports)", "src/mail/makes-a-client.ts", `export { createClient } from "@supabase/supabase-js";\n`],
  ["house(imports)", "src/feed/events.ts", `export { AppError } from "#lib/errors.ts";\n`],
  ["house(imports)", "src/mail/routes.ts", `export { sendMail } from "./send-mail.ts";\n`],
  ["house(imports)", "src/mail/repository.ts", `export { jobs } from "#jobs/accept.ts";\n`],
  ["house(imports)", "src/mail/lazy.ts", `export const load = () => import("#dead-letters/triage.ts");\n`],
  ["house(imports)", "netlify/functions/clever.ts", `export { jobs as default } from "#jobs/accept.ts";\n`],
  ["house(imports)", "local/clever.ts", `export { jobs } from "../src/jobs/accept.ts";\n`],
  ["house(imports)", "src/dashboard/bundles-the-server.tsx", `export { jobs } from "#jobs/accept.ts";\n`],
  [
    "house(loop-steps)",
    "src/mail/loops.ts",
    `type Step = { sleep(id: string): Promise<void> };\nexport const wait = async (step: Step) => {\n  for (;;) await step.sleep("wait");\n};\n`,
  ],
  [
    "eslint(no-restricted-properties)",
    "src/feed/repository.ts",
    `type Table = { upsert(row: object): Promise<void> };\nexport const save = (table: Table) => table.upsert({});\n`,
  ],
  ["node(no-process-env)", "src/mail/reads-env.ts", "export const key = process.env.KEY;\n"],
  ["eslint(no-console)", "src/mail/prints.ts", `export const print = () => console.log("hello");\n`],
  ["typescript(no-explicit-any)", "src/mail/any.ts", "export const give = (value: any): unknown => value;\n"],
  [
    "typescript(no-non-null-assertion)",
    "src/mail/non-null.ts",
    "export const first = (list: string[]) => list[0]!;\n",
  ],
  [
    "typescript(no-unsafe-type-assertion)",
    "src/mail/cast.ts",
    "export const cast = (value: unknown) => value as string;\n",
  ],
  [
    "typescript(no-unsafe-assignment)",
    "src/mail/unparsed.ts",
    "export const read = (text: string) => {\n  const mail: { to: string } = JSON.parse(text);\n  return mail;\n};\n",
  ],
  [
    "typescript(no-floating-promises)",
    "src/mail/forgets-await.ts",
    "const step = async () => 1;\nexport const run = () => {\n  step();\n};\n",
  ],
  [
    "typescript(no-misused-promises)",
    "src/mail/promise-as-truth.ts",
    `const known = async () => true;\nexport const say = () => (known() ? "yes" : "no");\n`,
  ],
  [
    "import(no-cycle)",
    "src/mail/hen.ts",
    `import { egg } from "./egg.ts";\nexport const hen = (): number => egg();\n`,
  ],
  [
    "import(no-cycle)",
    "src/mail/egg.ts",
    `import { hen } from "#mail/hen.ts";\nexport const egg = (): number => hen();\n`,
  ],
  ["import(extensions)", "src/mail/short.ts", `export { sendMail } from "./send-mail";\n`],
];

let house: string;
/** file → the rules that reported it. */
const spoken = new Map<string, string[]>();

beforeAll(async () => {
  house = await mkdtemp(join(tmpdir(), "nightshift-lint-"));
  const files = [...Object.entries(HOUSE), ...BROKEN.map(([, file, text]) => [file, text] as const)];
  for (const [file, text] of files) {
    await mkdir(dirname(join(house, file)), { recursive: true });
    await writeFile(join(house, file), text);
  }
  for (const file of [
    ".gitignore",
    ".oxlintrc.json",
    "tsconfig.json",
    "package.json",
    "scripts/house-rules.js",
  ])
    await cp(join(ROOT, file), join(house, file));
  await symlink(join(ROOT, "node_modules"), join(house, "node_modules"));
  const oxlint = join(ROOT, "node_modules/oxlint/bin/oxlint");
  const findings = promisify(execFile)(
    process.execPath,
    [oxlint, "--format", "json", "src", "netlify", "local"],
    { cwd: house },
  );
  const { stdout } = Findings.parse(await findings.catch((failure: unknown) => failure));
  for (const { code, filename } of Report.parse(JSON.parse(stdout)).diagnostics)
    spoken.set(filename, [...(spoken.get(filename) ?? []), code]);
});

afterAll(() => rm(house, { recursive: true, force: true }));

describe("the lint rules", () => {
  test.each(BROKEN)("report %s in %s", (rule, file) => expect(spoken.get(file)).toEqual([rule]));

  test("report nothing in files that keep them", () => {
    expect(Object.keys(HOUSE).filter((file) => spoken.has(file))).toEqual([]);
  });
});
