/** `npm run spec [-- --json]`: how much of what the source documents ask for has a test. */
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Coverage, coverageOf } from "./coverage.ts";
import { POINTS } from "./points.ts";

const BAR = 24;
const ROOT = resolve(import.meta.dirname, "../..");
/**
 * Names are read from the sources, not from a run: it takes no time and no database. Every text that begins with a
 * number is taken for a name, so that the rows of a `test.each` count too; a number in a comment is none.
 */
const testNames = (): string[] =>
  ["tests", "local"]
    .flatMap((folder) =>
      readdirSync(resolve(ROOT, folder), { recursive: true, encoding: "utf8" }).map((file) =>
        resolve(ROOT, folder, file),
      ),
    )
    .filter((file) => file.endsWith(".test.ts"))
    .flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/["'`](S\d-\d[^"'`\n]*)/g)].map(([, name = ""]) => name),
    );

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
