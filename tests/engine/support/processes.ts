/** The stack's servers as separate processes, so that they can be killed and started again. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ENTRIES = {
  engine: "../../../local/engine/cli.ts",
  gateway: "../../../local/supabase/cli.ts",
} as const;

export type ServerProcess = { url: string; kill: (signal: NodeJS.Signals) => Promise<void> };

/** Resolves when the server has printed its address. The server ends with this process, which holds its IPC channel. */
export async function startProcess(
  entry: keyof typeof ENTRIES,
  flags: string[],
  env: NodeJS.ProcessEnv = {},
): Promise<ServerProcess> {
  const { DATABASE_URL: _ours, INNGEST_DEV: _none, PORT: _neither, ...inherited } = process.env;
  const file = fileURLToPath(new URL(ENTRIES[entry], import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", file, ...flags], {
    env: { ...inherited, ...env },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    url: await addressOf(child, entry),
    kill: async (signal) => {
      child.kill(signal);
      await exited;
    },
  };
}

function addressOf(child: ChildProcess, entry: string): Promise<string> {
  const said: string[] = [];
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        said.push(line);
        const port = /http:\/\/[\w.]+:(\d+)/.exec(line)?.[1];
        if (port !== undefined) resolve(`http://127.0.0.1:${port}`);
      });
    }
    // Not "exit", which may come before all its output was read.
    child.once("close", (code) =>
      reject(new Error(`the ${entry} ended with ${code} before it listened:\n${said.join("\n")}`)),
    );
  });
}
