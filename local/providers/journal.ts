import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  rmdirSync,
  unlinkSync,
  writevSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** The position of an entry in the file. Only this part of an entry is kept in memory. */
export type Position = { headerAt: number; headerBytes: number; bodyAt: number; bodyBytes: number };

export type Journal = {
  append(header: string, body?: Uint8Array): Position;
  /** All entries, the oldest first. The bodies are not read. */
  entries(): Iterable<{ header: string; position: Position }>;
  header(position: Position): string;
  body(position: Position): Buffer;
  close(): void;
};

const longestPrefix = 32;
const newline = Buffer.from("\n");

/**
 * An append-only file of entries, each `<header bytes> <body bytes>
 * <header>
 * <body>
 * `.
 *
 * An append is one `writev`: once it returns, the kernel has the entry, which survives `kill -9` of this process. There
 * is no fsync: a power cut may lose the last entries, which is acceptable for a stand-in. When a kill interrupts an
 * append, its request was not answered yet. The incomplete entry is cut off when the file is opened again.
 *
 * Without a path the file has no name and is deleted with the process.
 */
export function openJournal(path?: string): Journal {
  const file = path === undefined ? openNameless() : openNamed(path);
  let end = wholeEntriesEnd(file);
  ftruncateSync(file, end);

  const read = (at: number, bytes: number): Buffer => {
    const buffer = Buffer.allocUnsafe(bytes);
    readSync(file, buffer, 0, bytes, at);
    return buffer;
  };

  return {
    append(header, body = new Uint8Array()) {
      const headerBytes = Buffer.from(header);
      const prefix = Buffer.from(`${headerBytes.length} ${body.length}\n`);
      const parts = [prefix, headerBytes, newline, body, newline];
      const position = positionAt(end, prefix.length, headerBytes.length, body.length);
      const total = parts.reduce((sum, part) => sum + part.length, 0);
      if (writevSync(file, parts, end) !== total)
        throw new Error("The disk is full: the mail record could not be written.");
      end += total;
      return position;
    },
    *entries() {
      for (const position of positions(file, end)) {
        yield { header: read(position.headerAt, position.headerBytes).toString(), position };
      }
    },
    header: (position) => read(position.headerAt, position.headerBytes).toString(),
    body: (position) => read(position.bodyAt, position.bodyBytes),
    close: () => closeSync(file),
  };
}

function openNamed(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  return openSync(path, openExistingOrNew);
}

/** Opens the file for reading and writing; creates it when missing, and never truncates it. */
const openExistingOrNew = constants.O_RDWR | constants.O_CREAT;

function openNameless(): number {
  const folder = mkdtempSync(join(tmpdir(), "nightshift-journal-"));
  const path = join(folder, "journal");
  const file = openSync(path, "w+");
  unlinkSync(path);
  rmdirSync(folder);
  return file;
}

function positionAt(start: number, prefixBytes: number, headerBytes: number, bodyBytes: number): Position {
  const headerAt = start + prefixBytes;
  return { headerAt, headerBytes, bodyAt: headerAt + headerBytes + 1, bodyBytes };
}

function* positions(file: number, end: number): Generator<Position> {
  const prefix = Buffer.allocUnsafe(longestPrefix);
  for (let at = 0; at < end; ) {
    const bytes = readSync(file, prefix, 0, longestPrefix, at);
    const match = /^(\d+) (\d+)\n/.exec(prefix.toString("latin1", 0, bytes));
    if (match === null) return;
    const position = positionAt(at, match[0].length, Number(match[1]), Number(match[2]));
    if (nextAfter(position) > end) return;
    yield position;
    at = nextAfter(position);
  }
}

const nextAfter = (position: Position): number => position.bodyAt + position.bodyBytes + 1;

function wholeEntriesEnd(file: number): number {
  let end = 0;
  for (const position of positions(file, fstatSync(file).size)) end = nextAfter(position);
  return end;
}
