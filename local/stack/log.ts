import {
  createWriteStream,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  type WriteStream,
} from "node:fs";
import { dirname, join } from "node:path";

/** Prints to the terminal. */
export type Say = (message: string) => void;
export type Log = { write(chunk: Buffer): void; end(): void };

const maxLogBytes = 10 * 1024 * 1024;

/**
 * Appends to a log file. A file of 10 MB is renamed, and one older file is kept. When the log cannot be written, that is
 * reported once, and the stack continues.
 */
export function openLog(path: string, say: Say): Log {
  let stream: WriteStream | undefined;
  let size = 0;
  let isBroken = false;
  const fail = (error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    if (!isBroken) say(`${path} cannot be written (${why}); the stack goes on without it.`);
    isBroken = true;
  };
  /** Opens the file at once, so that what is still written to it follows the file when it is renamed. */
  const open = () => {
    try {
      size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      stream = createWriteStream(path, { fd: openSync(path, "a") }).on("error", fail);
    } catch (error) {
      fail(error);
    }
  };
  const rotate = () => {
    stream?.end();
    try {
      if (existsSync(path)) renameSync(path, `${path}.old`);
    } catch (error) {
      return fail(error);
    }
    open();
  };
  mkdirSync(dirname(path), { recursive: true });
  open();
  return {
    write(chunk) {
      if (!isBroken && size >= maxLogBytes) rotate();
      if (isBroken) return;
      size += chunk.length;
      stream?.write(chunk);
    },
    end: () => stream?.end(),
  };
}

export const logFileOf = (dataDir: string, name: string): string => join(dataDir, "logs", `${name}.log`);
