import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, mkdirSync, renameSync, statSync, type WriteStream } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { inSeconds, newBackoff } from "#stack/backoff.ts";
import { StackError } from "#stack/errors.ts";

export type Say = (message: string) => void;
export type ProcessOptions = {
  name: string;
  /** Program and its arguments. */
  command: readonly [string, ...string[]];
  env: Record<string, string>;
  cwd: string;
  logFile: string;
  say: Say;
};
export type ManagedProcess = {
  name: string;
  readonly pid: number | undefined;
  /** Settles when the process has said that it is ready for the first time; rejects when it ended before. */
  ready: Promise<void>;
  stop(): Promise<void>;
};

const patienceAtStopMs = 5_000;
const maxLogBytes = 10 * 1024 * 1024;

const readyMessage = z.object({ ready: z.object({ port: z.number() }) });

/** Runs a process of the stack until `stop`: when it dies it is started again, later each time that it dies young. */
export function runProcess(options: ProcessOptions): ManagedProcess {
  const { name, command, env, cwd, say } = options;
  const log = openLog(options.logFile);
  const [program, ...args] = command;
  const lastErrors: string[] = [];
  let child: ChildProcess;
  let isStopping = false;
  let wasReady = false;
  const backoff = newBackoff();
  let restart: NodeJS.Timeout | undefined;
  let settleReady: { resolve(): void; reject(error: Error): void };
  const ready = new Promise<void>((resolve, reject) => {
    settleReady = { resolve, reject };
  });
  ready.catch(() => {}); // whoever starts the stack awaits it; nobody does after that

  const start = () => {
    const startedAt = performance.now();
    // A process group of its own: Ctrl-C in a terminal reaches the supervisor alone, which then stops all in order.
    child = spawn(program, args, { env, cwd, detached: true, stdio: ["ignore", "pipe", "pipe", "ipc"] });
    keepOutput(child, log, lastErrors);
    child.on("message", (message) => {
      if (!readyMessage.safeParse(message).success) return;
      if (wasReady) say(`${name} is back.`);
      wasReady = true;
      settleReady.resolve();
    });
    child.once("error", (error) => settleReady.reject(error));
    // Not "exit", which may come before its last words have been read.
    child.once("close", (code, signal) => {
      if (isStopping || wasReady) return;
      const why = lastErrors.join("\n") || `it ended with ${signal ?? `exit code ${code}`} and said nothing`;
      settleReady.reject(new StackError(`${name} did not start: ${why}`, `Its log: ${options.logFile}`));
    });
    child.once("exit", (code, signal) => {
      if (isStopping || !wasReady) return;
      const how = signal ?? `exit code ${code}`;
      const pauseMs = backoff(performance.now() - startedAt);
      say(`${name} died (${how}); starting it again${inSeconds(pauseMs)}.`);
      restart = setTimeout(start, pauseMs);
    });
  };
  start();

  return {
    name,
    ready,
    get pid() {
      return child.pid;
    },
    async stop() {
      isStopping = true;
      clearTimeout(restart);
      await endOf(child);
      log.end();
    },
  };
}

function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined)
    return Promise.resolve();
  return new Promise((resolve) => {
    const impatience = setTimeout(() => child.kill("SIGKILL"), patienceAtStopMs);
    // Its last words are still to be written to its log.
    child.once("close", () => {
      clearTimeout(impatience);
      resolve();
    });
    child.kill("SIGTERM");
  });
}

/** Everything goes to the log; the last words on stderr are kept for whoever asks why it died. */
function keepOutput(child: ChildProcess, log: WriteStream, lastErrors: string[]): void {
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  if (child.stderr === null) return;
  createInterface({ input: child.stderr }).on("line", (line) => {
    lastErrors.push(line);
    if (lastErrors.length > 20) lastErrors.shift();
  });
}

/** Appends; a log that has grown large makes place, one generation is kept. */
function openLog(path: string): WriteStream {
  mkdirSync(dirname(path), { recursive: true });
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > maxLogBytes) renameSync(path, `${path}.old`);
  return createWriteStream(path, { flags: "a" });
}

export const logFileOf = (dataDir: string, name: string): string => join(dataDir, "logs", `${name}.log`);
