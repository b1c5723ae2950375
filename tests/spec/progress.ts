/**
 * `npm run spec [-- --json] [-- --report FILE]`: how much of what the source documents ask for has a test that ran and
 * passed. Runs the numbered tests; with `--report` it reads a run of `npm test -- --reporter=json --outputFile=FILE`.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Coverage, coverageOf, testsIn } from "./coverage.ts";
import { POINTS } from "./points.ts";

const BAR = 24;
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

const bar = (covered: number, of: number) => {
  const filled = Math.floor((covered / of) * BAR);
  return "█".repeat(filled) + "░".repeat(BAR - filled);
};

const describe = ({ covered, of, documents, failed, unknown }: Coverage): string => {
  const lines = documents.map(
    (document) =>
      `${document.id}  ${bar(document.covered, document.of)}  ${String(document.covered).padStart(3)} of ${String(document.of).padEnd(3)} ${document.title}`,
  );
  const open = documents.flatMap((document) => document.open);
  if (open.length > 0)
    lines.push("", "Open:", ...open.map((point) => `  ${point.padEnd(6)} ${POINTS[point]}`));
  if (failed.length > 0) lines.push("", "Failed or not run:", ...failed.map((name) => `  ${name}`));
  if (unknown.length > 0) lines.push("", `Test names carry numbers that no point has: ${unknown.join(", ")}`);
  lines.push("", `${covered} of ${of} points have a test that ran and passed.`);
  return lines.join("\n");
};

const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, report: { type: "string" } },
});
const report = values.report === undefined ? runNumberedTests() : readFileSync(values.report, "utf8");
const coverage = coverageOf(testsIn(JSON.parse(report)));
process.stdout.write(`${values.json ? JSON.stringify(coverage) : describe(coverage)}\n`);
