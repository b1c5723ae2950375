/** `npm run spec [-- --json]`: how much of what the source documents ask for has a test. */
import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { type Coverage, coverageOf } from "./coverage.ts";
import { POINTS } from "./points.ts";

const BAR = 24;
const TestList = z.array(z.object({ name: z.string() }));

/** Names are read from the sources, not from a run: it takes a second, and needs no database. */
const testNames = (): string[] => {
  const vitest = resolve(import.meta.dirname, "../../node_modules/vitest/vitest.mjs");
  const list = execFileSync(process.execPath, [vitest, "list", "--static-parse", "--json"], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  return TestList.parse(JSON.parse(list)).map(({ name }) => name);
};

const bar = (covered: number, of: number) => {
  const filled = Math.floor((covered / of) * BAR);
  return "█".repeat(filled) + "░".repeat(BAR - filled);
};

const describe = ({ covered, of, documents, unknown }: Coverage): string => {
  const lines = documents.map(
    (document) =>
      `${document.id}  ${bar(document.covered, document.of)}  ${String(document.covered).padStart(3)} of ${String(document.of).padEnd(3)} ${document.title}`,
  );
  const open = documents.flatMap((document) => document.open);
  if (open.length > 0)
    lines.push("", "Open:", ...open.map((point) => `  ${point.padEnd(6)} ${POINTS[point]}`));
  if (unknown.length > 0) lines.push("", `Test names carry numbers that no point has: ${unknown.join(", ")}`);
  lines.push("", `${covered} of ${of} points have at least one test.`);
  return lines.join("\n");
};

const { values } = parseArgs({ options: { json: { type: "boolean", default: false } } });
const coverage = coverageOf(testNames());
process.stdout.write(`${values.json ? JSON.stringify(coverage) : describe(coverage)}\n`);
