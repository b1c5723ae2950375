/**
 * `tsx scripts/start-and-look.ts npm start` starts an ephemeral stack with a command of the README, checks it like a
 * new user would, makes a key, and ends the stack with the signal of Ctrl-C. When one of these steps fails, it prints
 * the stack's output and exits with 1.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { machineKeys } from "@nightshift/local/supabase/keys.ts";

const [command = "npm", ...args] = process.argv.slice(2);
// The command gets its own process group, because Ctrl-C in a terminal reaches the whole group.
const stack = spawn(command, [...args, "--", "--ephemeral"], {
  detached: true,
  stdio: ["ignore", "pipe", "pipe"],
});
let output = "";
const table = new Promise<void>((resolve, reject) => {
  const listen = (chunk: unknown) => {
    output += String(chunk);
    if (output.includes("Ctrl-C stops everything")) resolve();
  };
  stack.stdout.on("data", listen);
  stack.stderr.on("data", listen);
  stack.once("error", reject);
  stack.once("close", () => reject(new Error("It ended before it was up.")));
  setTimeout(() => reject(new Error("It was not up after two minutes.")), 120_000).unref();
});

const row = (name: string): string => new RegExp(`^ *${name}  +(.*)$`, "m").exec(output)?.[1] ?? "";

async function look(path: string, key: string): Promise<void> {
  const address = new URL(path, row("Site and dashboard"));
  const { status } = await fetch(address, { headers: { authorization: `Bearer ${key}` } });
  process.stdout.write(`GET ${address} → ${status}\n`);
  if (status !== 200) throw new Error(`${path} should be answered with 200.`);
}

/** Runs `npm run key` as for a hosted project: with the address and the secret key of the stack's Supabase. */
async function makeKey(): Promise<string> {
  const { secret } = await machineKeys(row("Data and logs"));
  return execFileSync("npm", ["run", "--silent", "key", "--", "create", "--role", "admin"], {
    encoding: "utf8",
    env: { ...process.env, SUPABASE_URL: row("Supabase"), SUPABASE_SECRET_KEY: secret },
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
}

const toAll = (signal: NodeJS.Signals) => stack.pid !== undefined && process.kill(-stack.pid, signal);

async function endIt(): Promise<void> {
  const ended = once(stack, "close");
  toAll("SIGINT");
  await ended;
  if (existsSync(row("Data and logs"))) throw new Error("Ctrl-C left its data behind.");
}

try {
  await table;
  await look("/", row("API key \\(admin\\)"));
  await look("/api/ready", row("API key \\(app\\)"));
  await look("/api/dead-letters", await makeKey());
  await endIt();
} catch (error) {
  process.stderr.write(`${output}\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
  if (stack.exitCode === null && stack.signalCode === null) toAll("SIGKILL");
}
