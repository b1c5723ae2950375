import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { StackError } from "#stack/errors.ts";

/** Large packages that only one command needs. npm fetches each when that command first runs. */
const versions = {
  supabase: "3.1.0",
  "inngest-cli": "1.45.1",
  "@sparticuz/chromium": "147.0.0",
} as const;
export type OnDemand = keyof typeof versions;

/** `npm ci` does not delete this folder, so the packages stay. */
const tools = resolve(import.meta.dirname, "../.nightshift/tools");

const placeOf = (name: OnDemand, into: string): string =>
  join(into, `${name.replace("/", "-")}-${versions[name]}`);

/** The folder of a package that was already fetched. */
export function findOnDemand(name: OnDemand): string | undefined {
  const place = placeOf(name, tools);
  return existsSync(place) ? join(place, "node_modules", name) : undefined;
}

/** The folder of a package. A missing package is fetched first. `prepare` runs once, after fetching. */
export function onDemand(
  name: OnDemand,
  { into = tools, prepare = () => {} }: { into?: string; prepare?: (folder: string) => void } = {},
): string {
  const place = placeOf(name, into);
  if (!existsSync(place)) install(name, place, prepare);
  return join(place, "node_modules", name);
}

/**
 * Installs a package in a folder with a temporary name, and renames the folder when the package is complete, so that a
 * folder with the final name is always complete.
 */
function install(name: OnDemand, place: string, prepare: (folder: string) => void): void {
  const what = `${name}@${versions[name]}`;
  const unfinished = `${place}.${process.pid}`;
  console.error(`Fetching ${what} from the npm registry, once …`);
  try {
    mkdirSync(unfinished, { recursive: true });
    npm("install", unfinished, what);
    prepare(join(unfinished, "node_modules", name));
    mkdirSync(dirname(place), { recursive: true });
    if (!existsSync(place)) renameSync(unfinished, place);
  } catch (error) {
    throw new StackError(
      `${what} is needed here and cannot be fetched: ${reasonOf(error)}`,
      "It comes from the npm registry (the program of inngest-cli from GitHub): try again where that can be reached.",
      { cause: error },
    );
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** Runs npm in the given folder. Install scripts are off, because a package can run any code in them. */
export function npm(command: "install" | "rebuild", folder: string, name: string): void {
  const scripts = `--ignore-scripts=${command === "install"}`;
  execFileSync("npm", [command, "--prefix", folder, "--no-audit", "--no-fund", scripts, name], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** The line of npm's output that contains the reason. */
function reasonOf(error: unknown): string {
  const output = error instanceof Error && "stderr" in error ? String(error.stderr) : messageOf(error);
  const lines = output.split("\n").map((line) => line.replace(/^npm error\s*/, "").trim());
  return (
    lines.find((line) => line !== "" && !/^(npm warn|code |path |command |errno )/.test(line)) ??
    "no reason given"
  );
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
