import { createWriteStream, mkdirSync, renameSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

/** Prints to the terminal. */
export type Say = (message: string) => void;
export type Log = { write(chunk: Buffer): void; end(): void };

const maxLogBytes = 10 * 1024 * 1024;

/**
 * Appends to a log file. A large file is renamed first, and one older file is kept. When the log cannot be written,
 * that is reported once, and the stack continues.
 */
export function openLog(path: string, say: Say): Log {
  mkdirSync(dirname(path), { recursive: true });
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > maxLogBytes) renameSync(path, `${path}.old`);
  const stream = createWriteStream(path, { flags: "a" });
  let isBroken = false;
  stream.on("error", (error) => {
    if (!isBroken) say(`${path} cannot be written (${error.message}); the stack goes on without it.`);
    isBroken = true;
  });
  return {
    write(chunk) {
      if (!isBroken) stream.write(chunk);
    },
    end: () => stream.end(),
  };
}

export const logFileOf = (dataDir: string, name: string): string => join(dataDir, "logs", `${name}.log`);
