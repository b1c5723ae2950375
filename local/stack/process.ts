import type { ChildProcess } from "node:child_process";
import { z } from "zod";
import { inSeconds, newBackoff } from "#stack/backoff.ts";
import { takesOver } from "#stack/child.ts";
import { StackError } from "#stack/errors.ts";
import { type Command, endOf, endProcess, type Launched, launch, loaded, tell } from "#stack/launch.ts";
import { openLog, type Say } from "#stack/log.ts";

type ProcessOptions = Command & {
  name: string;
  logFile: string;
  say: Say;
  /** The time limit for becoming ready for the first time. */
  startPatienceMs?: number;
};
export type ManagedProcess = {
  name: string;
  readonly pid: number | undefined;
  /**
   * Resolves when the process is ready for the first time. Rejects when it ended before that, or does not become ready
   * in time.
   */
  ready: Promise<void>;
  /**
   * Starts a new process with `command`, which takes the port over once it is loaded, while the old process finishes its
   * requests. Returns undefined, or the reason why the new process does not take over: it cannot be loaded, so the old
   * one continues, or the stack is ending. The text of `whenReady` is printed when the new process answers.
   */
  replace(command: Command["command"], whenReady: () => string): Promise<string | undefined>;
  stop(): Promise<void>;
};

/** Loading the code of the site takes about a second. */
const patienceAtLoadMs = 30_000;
/** A request to the site takes at most 60 s. */
const patienceAtFinishMs = 65_000;

const readyMessage = z.object({ ready: z.object({ port: z.number() }) });

/**
 * Runs a process of the stack until `stop`. When the process dies it is started again, after a delay that grows when it
 * dies early again and again.
 */
export function runProcess(options: ProcessOptions): ManagedProcess {
  const { name, say, startPatienceMs = 120_000 } = options;
  const log = openLog(options.logFile, say);
  let isStopping = false;
  let currentCommand = options.command;
  let wasReady = false;
  const backoff = newBackoff();
  let restart: NodeJS.Timeout | undefined;
  const notCurrent = new Set<ChildProcess>();
  let settle: { resolve(): void; reject(error: Error): void };
  const ready = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  ready.catch(() => {}); // Only the start of the stack awaits it
  const fail = (why: string) =>
    settle.reject(new StackError(`${name} did not start: ${why}`, `Its log: ${options.logFile}`));

  /** Makes a running process the current one. */
  const adopt = (
    { child, lastErrors, startedAt }: Launched,
    whenReady = () => `${name} is back.`,
  ): Launched => {
    child.on("message", (message) => {
      if (!readyMessage.safeParse(message).success || notCurrent.has(child)) return;
      if (wasReady) say(whenReady());
      wasReady = true;
      settle.resolve();
    });
    child.once("error", (error) => fail(error.message));
    // The event "exit" may come before all output was read, so "close" is used.
    child.once("close", (code, signal) => {
      if (!isStopping && !wasReady)
        fail(lastErrors.join("\n") || `it ${endOf(code, signal)} and said nothing`);
    });
    child.once("exit", (code, signal) => {
      if (isStopping || !wasReady || notCurrent.has(child)) return;
      const pauseMs = backoff(performance.now() - startedAt);
      say(`${name} died (${signal ?? `exit code ${code}`}); starting it again${inSeconds(pauseMs)}.`);
      restart = setTimeout(
        () => (current = adopt(launch({ ...options, command: currentCommand }, log))),
        pauseMs,
      );
    });
    return { child, lastErrors, startedAt };
  };
  let current = adopt(launch(options, log));
  const impatience = setTimeout(() => {
    fail(`it is not ready after ${startPatienceMs / 1000} s`);
    current.child.kill("SIGKILL");
  }, startPatienceMs);
  void ready.then(
    () => clearTimeout(impatience),
    () => clearTimeout(impatience),
  );

  return {
    name,
    ready,
    get pid() {
      return current.child.pid;
    },
    async replace(command, whenReady) {
      if (isStopping) return "The stack is ending.";
      const next = launch({ ...options, command, env: { ...options.env, [takesOver]: "1" } }, log);
      notCurrent.add(next.child); // While it loads its code, so that `stop` ends it too
      const loadTimeout = setTimeout(() => {
        next.lastErrors.push(`The code was not loaded within ${patienceAtLoadMs / 1000} s.`);
        next.child.kill("SIGKILL");
      }, patienceAtLoadMs);
      const why = await loaded(next);
      clearTimeout(loadTimeout);
      notCurrent.delete(next.child);
      if (why !== undefined || isStopping) {
        next.child.kill("SIGKILL");
        return why ?? "The stack is ending.";
      }
      currentCommand = command;
      clearTimeout(restart);
      const { child } = current;
      notCurrent.add(child);
      child.once("exit", () => notCurrent.delete(child));
      // The new process is told to listen before the old one ends, so that the new process is already trying to listen
      // when the port becomes free. For a millisecond or two no process listens.
      tell(next.child, "listen");
      tell(child, "finish");
      setTimeout(() => child.kill("SIGKILL"), patienceAtFinishMs).unref();
      current = adopt(next, whenReady);
      return undefined;
    },
    async stop() {
      isStopping = true;
      clearTimeout(restart);
      clearTimeout(impatience);
      await Promise.all([current.child, ...notCurrent].map(endProcess));
      log.end();
    },
  };
}
