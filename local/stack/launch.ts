import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Order } from "#stack/child.ts";
import type { Log } from "#stack/log.ts";

export type Command = {
  /** The program and its arguments. */
  command: readonly [string, ...string[]];
  env: Record<string, string>;
  cwd: string;
};
/** `lastErrors` returns the last lines that the process wrote to stderr. */
export type Launched = { child: ChildProcess; lastErrors: string[]; startedAt: number };

export function launch({ command, env, cwd }: Command, log: Log): Launched {
  const [program, ...args] = command;
  // The process gets its own process group, so that Ctrl-C in a terminal reaches only the supervisor, which then stops
  // everything in order.
  const child = spawn(program, args, { env, cwd, detached: true, stdio: ["ignore", "pipe", "pipe", "ipc"] });
  const lastErrors: string[] = [];
  for (const output of [child.stdout, child.stderr]) output?.on("data", (chunk: Buffer) => log.write(chunk));
  if (child.stderr !== null)
    createInterface({ input: child.stderr }).on("line", (line) => {
      lastErrors.push(line);
      if (lastErrors.length > 20) lastErrors.shift();
    });
  return { child, lastErrors, startedAt: performance.now() };
}

/** Waits until a process that takes over has loaded its code. Returns undefined, or why it could not be loaded. */
export const loaded = ({ child, lastErrors }: Launched): Promise<string | undefined> =>
  new Promise((resolve) => {
    child.on("message", (message) => {
      if (message === "loaded") resolve(undefined);
    });
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(lastErrors.join("\n") || `it ${endOf(code, signal)}`));
  });

export const endOf = (code: number | null, signal: NodeJS.Signals | null): string =>
  `ended with ${signal ?? `exit code ${code}`}`;

export function tell(child: ChildProcess, what: Order): void {
  child.send(what, () => {}); // A process that has just died gets no message
}

const patienceAtStopMs = 5_000;

export function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined)
    return Promise.resolve();
  return new Promise((resolve) => {
    const impatience = setTimeout(() => child.kill("SIGKILL"), patienceAtStopMs);
    // The event "close" comes when all output has been read and written to the log.
    child.once("close", () => {
      clearTimeout(impatience);
      resolve();
    });
    child.kill("SIGTERM");
  });
}
