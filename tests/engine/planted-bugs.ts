/**
 * `npm run test:mutations` removes one rule of the engine at a time, and shows that a suite fails. The edits are made
 * in a copy of the working tree; a rule whose removal no suite detects fails the run.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

type Bug = {
  rule: string;
  file: string;
  /** Must occur exactly once, so that a change of the engine cannot silently disable the mutation. */
  find: string;
  replace: string;
  /** The suites that should fail, the fastest first. */
  suites: string[];
};

const BUGS: Bug[] = [
  {
    rule: "the pending set: one question per parallel group",
    file: "ops.ts",
    find: "run.pending = ops.map(({ id }) => id).filter((id) => !Object.hasOwn(run.steps, id));",
    replace: "run.pending = [];",
    suites: ["programs", "features-steps"],
  },
  {
    rule: "enqueue once: a job that was seen is not queued again",
    file: "turn.ts",
    find: "if (run.seen[job.id]) return false;",
    replace: "",
    suites: ["programs", "features-steps"],
  },
  {
    rule: "disable_immediate_execution: a parallel group is planned, not run",
    file: "dispatch.ts",
    find: "disable_immediate_execution: run.planOnly,",
    replace: "disable_immediate_execution: false,",
    suites: ["programs", "features-steps"],
  },
  {
    rule: "the stack: steps are replayed in the order they completed",
    file: "dispatch.ts",
    find: "stack: { stack: run.stack,",
    replace: "stack: { stack: run.stack.toSorted(),",
    suites: ["features-steps"],
  },
  {
    rule: "the commit before the call",
    file: "calls.ts",
    find: "    await journal.flush();\n    const fn",
    replace: "    void journal.flush();\n    const fn",
    suites: ["commit"],
  },
  {
    rule: "the commit before an event is acknowledged",
    file: "api-sdk.ts",
    find: "    await engine.journal.flush();\n    if (ids.length === 0)",
    replace: "    if (ids.length === 0)",
    suites: ["commit"],
  },
  {
    rule: "the commit before a checkpoint is acknowledged",
    file: "api-sdk.ts",
    find: "await engine.journal.flush();\n    // The SDK stops at 409",
    replace: "// The SDK stops at 409",
    suites: ["commit"],
  },
  {
    rule: "the generation fence",
    file: "calls.ts",
    find: "if (generation !== undefined && generation !== flight.generation) return false;",
    replace: "",
    suites: ["commit"],
  },
  {
    rule: "the id seed",
    file: "events.ts",
    find: "(seed === undefined ? undefined : seededUlid(seed, index + 1)) ?? fresh()",
    replace: "(seed === undefined ? undefined : seededUlid(seed, index + 1)) && fresh() || fresh()",
    suites: ["features-events"],
  },
  {
    rule: "the GCRA: a limit is a pace",
    file: "flow.ts",
    find: "const interval = periodMs / Math.max(1, limit);",
    replace: "const interval = 0;",
    suites: ["time-windows", "features-flow"],
  },
];

const root = path.resolve(import.meta.dirname, "../..");

/** The tree without history and dependencies; these are linked, except the workspace, which is the copy's own. */
function copyTree(): string {
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), "nightshift-mutations-"));
  const skipped = new Set([".git", ".nightshift", "node_modules", "dist"]);
  for (const entry of fs.readdirSync(root)) {
    if (!skipped.has(entry)) fs.cpSync(path.join(root, entry), path.join(copy, entry), { recursive: true });
  }
  const modules = path.join(copy, "node_modules");
  fs.mkdirSync(path.join(modules, "@nightshift"), { recursive: true });
  for (const entry of fs.readdirSync(path.join(root, "node_modules"))) {
    if (entry !== "@nightshift")
      fs.symlinkSync(path.join(root, "node_modules", entry), path.join(modules, entry));
  }
  fs.symlinkSync("../../local", path.join(modules, "@nightshift", "local"));
  return copy;
}

type Verdict = { passed: boolean; failed: string[]; output: string };

function runSuite(copy: string, suite: string): Verdict {
  const report = path.join(copy, "report.json");
  fs.rmSync(report, { force: true });
  const vitest = path.join(root, "node_modules", "vitest", "vitest.mjs");
  const flags = ["--reporter=json", `--outputFile=${report}`];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [vitest, "run", `tests/engine/${suite}.test.ts`, ...flags],
    {
      cwd: copy,
      encoding: "utf8",
      timeout: 300_000,
      env: { ...process.env, PROGRAMS: "150", PROGRAMS_SEED: "7" },
    },
  );
  const output = `${stdout}\n${stderr}`;
  if (!fs.existsSync(report)) return { passed: false, failed: [], output };
  const { testResults } = JSON.parse(fs.readFileSync(report, "utf8")) as {
    testResults: { assertionResults: { status: string; title: string }[] }[];
  };
  const failed = testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter((test) => test.status === "failed").map((test) => test.title),
  );
  return { passed: status === 0, failed, output };
}

function main(only: string | undefined): number {
  const copy = copyTree();
  let unnoticed = 0;
  try {
    const bugs = BUGS.filter(({ rule }) => only === undefined || rule.includes(only));
    const healthy = new Set<string>();
    for (const { rule, file, find, replace, suites } of bugs) {
      const target = path.join(copy, "local", "engine", file);
      const source = fs.readFileSync(target, "utf8");
      if (source.split(find).length !== 2) throw new Error(`${file} no longer has this line once: ${find}`);
      let noticedBy: string | undefined;
      for (const suite of suites) {
        if (!healthy.has(suite)) {
          const before = runSuite(copy, suite);
          if (!before.passed) throw new Error(`${suite} fails without any planted bug:\n${before.output}`);
          healthy.add(suite);
        }
        fs.writeFileSync(
          target,
          source.replace(find, () => replace),
        );
        const { passed, failed } = runSuite(copy, suite);
        fs.writeFileSync(target, source);
        // A suite that did not even load proves nothing.
        if (!passed && failed.length > 0) {
          noticedBy = `${suite}: ${failed[0]}${failed.length > 1 ? ` (and ${failed.length - 1} more)` : ""}`;
          break;
        }
      }
      if (noticedBy === undefined) unnoticed += 1;
      console.log(
        `${noticedBy === undefined ? "NOT NOTICED" : "noticed"}  ${rule}\n         ${noticedBy ?? suites.join(", ")}`,
      );
    }
  } finally {
    fs.rmSync(copy, { recursive: true, force: true });
  }
  return unnoticed;
}

process.exitCode = main(process.argv[2]) === 0 ? 0 : 1;
