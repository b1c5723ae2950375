/**
 * `npm run spec [-- --json] [-- --report FILE]`: how much of what the source documents ask for has a test that ran and
 * passed. Runs the numbered tests; with `--report` it reads a run of `npm test -- --reporter=json --outputFile=FILE`.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { commandOptions } from "@nightshift/local/command-options.ts";
import { type Coverage, coverageOf, type State, testsIn, unloadedIn } from "./coverage.ts";
import { POINTS } from "./points.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** The report of a run of the numbered tests alone; the run itself is shown on stderr. */
const runNumberedTests = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "nightshift-spec-"));
  try {
    const file = join(folder, "report.json");
    const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
    const args = [
      "run",
      "-t",
      "\\bS\\d-\\d",
      "--reporter=dot",
      "--reporter=json",
      `--outputFile.json=${file}`,
    ];
    spawnSync(process.execPath, [vitest, ...args], { cwd: ROOT, stdio: ["ignore", 2, 2] });
    return readFileSync(file, "utf8");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const BAR = 24;
const SIGNS: ReadonlyArray<readonly [State, string, string]> = [
  ["true", "✓", "true: each test that claims it ran and passed"],
  ["claimed", "✗", "claimed: a test that claims it failed or did not run"],
  ["open", "·", "open: no test claims it"],
];

const bar = (covered: number, of: number) => {
  const filled = Math.floor((covered / of) * BAR);
  return "█".repeat(filled) + "░".repeat(BAR - filled);
};

/** One document: its bar, then the numbers of its points by their state. */
function describeDocument({ id, title, points }: Coverage["documents"][number]): string[] {
  const all = Object.entries(points);
  const numbersOf = (state: State) =>
    all.filter(([, of]) => of === state).map(([point]) => point.slice(id.length + 1));
  const covered = numbersOf("true").length;
  const lines = [`${id}  ${bar(covered, all.length)}  ${covered} of ${all.length}  ${title}`];
  for (const [state, sign] of SIGNS) {
    const numbers = numbersOf(state);
    if (numbers.length > 0) lines.push(`    ${sign} ${numbers.join(" ")}`);
  }
  return lines;
}

function describe({ covered, of, documents, failed, unknown, unloaded }: Coverage): string {
  const states = documents.flatMap(({ points }) => Object.entries(points));
  const inState = (state: State) => states.filter(([, of]) => of === state).map(([point]) => point);
  const lines = documents.flatMap((document) => [...describeDocument(document), ""]);
  const list = (title: string, items: readonly string[]) => {
    if (items.length > 0) lines.push(title, ...items.map((item) => `  ${item}`), "");
  };
  list(
    "Open:",
    inState("open").map((point) => `${point.padEnd(6)} ${POINTS[point]}`),
  );
  list("Claimed by a test that failed or did not run:", failed);
  list("These files could not be loaded, so what they claim is not known:", unloaded);
  list("Numbers in test names that no document has:", unknown);
  for (const [state, sign, meaning] of SIGNS)
    lines.push(`${sign} ${String(inState(state).length).padStart(3)}  ${meaning}`);
  lines.push("", `${covered} of ${of} points are true.`);
  return lines.join("\n");
}

const { values } = commandOptions("npm run spec [-- --json] [--report <file of vitest's JSON report>]", {
  options: { json: { type: "boolean", default: false }, report: { type: "string" } },
});
const report = values.report === undefined ? runNumberedTests() : readFileSync(values.report, "utf8");
const run: unknown = JSON.parse(report);
const coverage = coverageOf(testsIn(run), unloadedIn(run));
process.stdout.write(`${values.json ? JSON.stringify(coverage) : describe(coverage)}\n`);
