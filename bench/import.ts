import {
  chmodSync,
  createReadStream,
  createWriteStream,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { commandOptions, numberOption } from "@nightshift/local/command-options.ts";
import { readTable } from "#lib/tables/read-table.ts";
import { type BenchStack, benchStack } from "./campaign-stack.ts";

const USAGE = "npm run bench -- import [--rows 100000] [--rounds 3] [--json]";

type Ended = { status: string; seconds: number };

/**
 * Compares the speed of an import with COPY of the same rows into the same table.
 */
export async function run(args: string[]): Promise<void> {
  const { values } = commandOptions(USAGE, {
    args,
    options: {
      rows: { type: "string", default: "100000" },
      rounds: { type: "string", default: "3" },
      json: { type: "boolean", default: false },
    },
  });
  const [rows, rounds] = [numberOption("rows", values.rows), numberOption("rounds", values.rounds)];
  const directory = mkdtempSync(join(tmpdir(), "nightshift-import-"));
  chmodSync(directory, 0o755); // Postgres may run as another user, which must read the file
  const file = join(directory, "people.csv");
  await pipeline(Readable.from(people(rows)), createWriteStream(file));
  const stack = await benchStack({ PLAN: "pro" });
  try {
    const result = await measure(stack, file, rows, rounds, (line) => values.json || console.log(line));
    console.log(JSON.stringify(result));
  } finally {
    await stack.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function measure(
  stack: BenchStack,
  file: string,
  rows: number,
  rounds: number,
  say: (line: string) => void,
) {
  // The first import is not measured: it loads all code and opens all connections, which a running site has already
  // done.
  await importFile(stack, file, rows);
  const parseOnly = rows / (await timed(() => parse(file)));
  const imported: number[] = [];
  const copied: number[] = [];
  let statements = 0;
  for (let round = 1; round <= rounds; round++) {
    await settle(stack);
    const clean = await writeClean(stack, dirname(file), rows);
    copied.push(rows / (await timed(() => copy(stack, clean))));
    await settle(stack);
    const before = await stack.statements();
    imported.push(rows / (await importFile(stack, file, rows)));
    statements = (await stack.statements()) - before;
    say(
      `round ${round}: ${Math.round(imported.at(-1) ?? 0)} rows/s, COPY ${Math.round(copied.at(-1) ?? 0)} rows/s`,
    );
  }
  say(
    "\nFrom the accepted request to the end of the job: planned, read again, written, counted. COPY: the same rows into the\n" +
      `same table with the same indexes, by the server from its own disk. Medians of ${rounds} rounds; ${statSync(file).size} bytes.\n`,
  );
  return {
    rowsPerSecond: Math.round(median(imported)),
    parseOnlyPerSecond: Math.round(parseOnly),
    copyPerSecond: Math.round(median(copied)),
    ratioToCopy: Number((median(imported) / median(copied)).toFixed(3)),
    sqlPer1000Rows: Number((statements / (rows / 1000)).toFixed(2)),
    peakRssMb: {
      site: stack.peakRssMb("site"),
      engine: stack.peakRssMb("engine"),
      gateway: stack.peakRssMb("supabase"),
    },
  };
}

function* people(rows: number) {
  let block = "email,name,city\r\n";
  for (let n = 1; n <= rows; n++) {
    block += `p${n}@example.com,Person ${n},${cityOf(n)}\r\n`;
    if (n % 1_000 !== 0 && n !== rows) continue;
    yield block;
    block = "";
  }
}

const cityOf = (n: number) => ["Berlin", "London", "Kyiv"][n % 3];

/**
 * Deletes the lists of earlier rounds, and vacuums and analyzes the tables, which autovacuum does in a running
 * database.
 */
async function settle({ sql }: BenchStack): Promise<void> {
  await sql.query("truncate email_lists, imports cascade");
  await sql.query("vacuum analyze email_subscribers");
  await sql.query("vacuum analyze import_rows");
  await sql.query("checkpoint");
}

const newList = async (stack: BenchStack) =>
  (await stack.call<{ id: string }>("POST", "/api/lists", { name: "People" })).id;

/** The seconds from the accepted request to the end of the import's job. */
async function importFile(stack: BenchStack, file: string, rows: number): Promise<number> {
  const listId = await newList(stack);
  const upload = await stack.call<{ uploadId: string; url: string }>("POST", "/api/imports/uploads", {
    fileName: "people.csv",
  });
  const stored = await fetch(upload.url, { method: "PUT", body: readFileSync(file) });
  if (!stored.ok) throw new Error(`Storage: ${stored.status} ${await stored.text()}`);
  const { importId } = await stack.call<{ importId: string }>("POST", "/api/imports", {
    source: { uploadId: upload.uploadId },
    target: "subscribers",
    options: { listId },
    again: true,
  });
  const { status, seconds } = await ended(stack, importId);
  if (status !== "completed") throw new Error(`The import is ${status}`);
  const { rows: counted } = await stack.sql.query(
    "select inserted_count::int as n from imports where id = $1",
    [importId],
  );
  if (counted[0].n !== rows) throw new Error(`${counted[0].n} of ${rows} rows were inserted`);
  return seconds;
}

/** Reads the job's status from the database directly and rarely, so that measuring does not slow the import down. */
async function ended({ sql }: BenchStack, importId: string): Promise<Ended> {
  for (;;) {
    const { rows } = await sql.query(
      "select status, extract(epoch from ended_at - created_at)::float8 as seconds from jobs where id = $1 and ended_at is not null",
      [importId],
    );
    if (rows[0] !== undefined) return rows[0];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function parse(file: string): Promise<void> {
  const { rows } = await readTable(createReadStream(file));
  for await (const _ of rows);
}

/** COPY reads valid rows from a file on the server's own disk, so no client can be faster. */
async function copy({ sql }: BenchStack, cleanFile: string): Promise<void> {
  await sql.query(
    `copy email_subscribers (list_id, email, fields, created_at, updated_at) from '${cleanFile}' with (format csv)`,
  );
}

/**
 * Writes the rows of the import to a file for COPY. The rows get a new list, because a list contains each address only
 * once.
 */
async function writeClean(stack: BenchStack, directory: string, rows: number): Promise<string> {
  const listId = await newList(stack);
  const now = new Date().toISOString();
  const path = join(directory, "clean.csv");
  const lines = function* () {
    for (let n = 1; n <= rows; n++) {
      const fields = JSON.stringify({ name: `Person ${n}`, city: cityOf(n) }).replaceAll('"', '""');
      yield `${listId},p${n}@example.com,"${fields}",${now},${now}\n`;
    }
  };
  await pipeline(Readable.from(lines()), createWriteStream(path, { mode: 0o644 }));
  return path;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}

const median = (values: number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
