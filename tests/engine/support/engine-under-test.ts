/**
 * The engine the feature suite talks to. With INNGEST_DEV=<url> that is a server somebody else runs (the real Inngest
 * Dev Server, started with `--retry-interval 1`); without it the suite starts the local engine as a process of its own.
 * The tests know nothing but its address, so both answer to the very same files.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export type EngineUnderTest = { url: string; isReal: boolean; close(): Promise<void> };

export type EngineProcess = { url: string; pid: number; kill(signal: NodeJS.Signals): Promise<void> };

const CLI = fileURLToPath(new URL("../../../local/engine/cli.ts", import.meta.url));

export const realServer = process.env["INNGEST_DEV"];

export async function engineUnderTest(): Promise<EngineUnderTest> {
  if (realServer !== undefined) return { url: realServer, isReal: true, close: async () => {} };
  const engine = await startEngineProcess(["--retry-interval", "1"]);
  return { url: engine.url, isReal: false, close: () => engine.kill("SIGTERM") };
}

/** `npm run engine` as a child process; resolves once it has printed its address. */
export async function startEngineProcess(
  flags: string[],
  env: NodeJS.ProcessEnv = {},
): Promise<EngineProcess> {
  const { DATABASE_URL: _ours, INNGEST_DEV: _none, ...inherited } = process.env;
  const child = spawn(
    process.execPath,
    ["--import", "tsx", CLI, ...(flags.includes("--port") ? [] : ["--port", "0"]), ...flags],
    {
      env: { ...inherited, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const url = await addressOf(child);
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    url,
    pid: child.pid ?? 0,
    kill: async (signal) => {
      child.kill(signal);
      await exited;
    },
  };
}

function addressOf(child: ChildProcess): Promise<string> {
  const said: string[] = [];
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        said.push(line);
        const address = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
        if (address !== undefined) resolve(address);
      });
    }
    child.once("exit", (code) =>
      reject(new Error(`the engine ended with ${code} before it listened:\n${said.join("\n")}`)),
    );
  });
}
