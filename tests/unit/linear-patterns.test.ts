/** No pattern takes more than linear time, so a foreign text cannot keep the process busy. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { check } from "recheck";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { createFrameReader } from "#client/sse.ts";
import { fingerprintOf, toFailure } from "#dead-letters/failure.ts";
import { createRedact } from "#dead-letters/redact.ts";
import { normalizeMailbox } from "#lib/email-address.ts";
import { AppError } from "#lib/errors.ts";
import { instant, streamPosition } from "#lib/http/fields.ts";
import { parseJson } from "#lib/http/json.ts";
import { createLogger } from "#lib/logger.ts";
import { maskPersonal } from "#lib/mask-personal.ts";
import { findForeignSyntax } from "#mail/foreign-syntax.ts";
import { escapeHtml } from "#mail/template.ts";

const ROOT = resolve(import.meta.dirname, "../..");

describe("every regular expression of the product", () => {
  const patterns = [...new Set(sourceFiles().flatMap(patternsIn))];

  test("is found by this test", () => {
    expect(patterns).toContain(String.raw`/[\w.:+-]+/g`);
    expect(patterns.length).toBeGreaterThan(30);
  });

  test.each(patterns)("takes linear time: %s", async (pattern) => {
    const end = pattern.lastIndexOf("/");
    const [source, flags] = [pattern.slice(1, end), pattern.slice(end + 1)];
    // The automaton checker proves its verdict; the fuzzer of recheck tests random texts, so its verdict varies.
    const { status } = await check(source, flags, { checker: "automaton", timeout: 3_000 });
    // "unknown": the checker gave up; then only the hostile texts below test the pattern.
    expect(status).not.toBe("vulnerable");
  });
});

/** The functions that process foreign texts. */
const READERS: Record<string, (text: string) => unknown> = {
  maskPersonal,
  "redact.text": createRedact({}).text,
  fingerprintOf: (text) => fingerprintOf("f", "code", text),
  toFailure: (text) =>
    toFailure(
      {
        function_id: "nightshift-f",
        run_id: "r",
        error: { name: text, message: text, stack: text },
        event: { name: "e", data: {} },
      },
      () => 1,
    ),
  logger: (text) => {
    const logger = createLogger({}, { write: () => {} });
    logger.error({ err: new AppError("internal", text, { cause: new Error(text) }) }, "failed");
  },
  streamPosition: (text) => streamPosition.safeParse(text),
  instant: (text) => instant.safeParse(text),
  parseJson: (text) => expect(() => parseJson(text)).toThrow(AppError),
  findForeignSyntax,
  normalizeMailbox,
  escapeHtml,
  createFrameReader: (text) => createFrameReader()(text),
  "createFrameReader, byte by byte": (text) => {
    const read = createFrameReader();
    for (let at = 0; at < text.length; at += 16) read(text.slice(at, at + 16));
  },
};

const HOSTILE = [
  "a",
  "1",
  " ",
  "\n",
  "@",
  "a@",
  "eyJa.",
  "-eyJ",
  "ns_a ",
  "{{",
  "{{a|",
  "1 (",
  ":1",
  "id: ",
  '"<',
];
const KILOBYTE = 1024;
/** Linear time takes milliseconds and quadratic time takes minutes; this limit is far from both. */
const MOST_CPU_MS = 2000;

describe.each(Object.entries(READERS))("%s takes linear time for hostile text", (_name, read) => {
  test.each(HOSTILE)("repeated %j", (piece) => {
    for (const size of [64 * KILOBYTE, 1024 * KILOBYTE]) {
      const text = piece.repeat(size / piece.length);
      const before = process.cpuUsage();
      read(text);
      const { user, system } = process.cpuUsage(before);
      expect((user + system) / 1000).toBeLessThan(MOST_CPU_MS);
    }
  });
});

/** Not the page, which reads only our own answers. */
const sourceFiles = (): string[] =>
  ["src", "netlify"]
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((file) =>
        join(folder, file),
      ),
    )
    .filter((file) => file.endsWith(".ts") && !file.startsWith(join("src", "dashboard")));

function patternsIn(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(join(ROOT, file), "utf8"), ts.ScriptTarget.Latest);
  const found: string[] = [];
  const visit = (node: ts.Node) => {
    if (ts.isRegularExpressionLiteral(node)) found.push(node.text);
    if (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === "RegExp")
      throw new Error(`${file}: write a pattern as a literal, so that it can be checked`);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}
