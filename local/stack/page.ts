import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { StackError } from "#stack/errors.ts";

/** The files from which the page is built. */
const sources = ["src/dashboard", "src/client", "vite.config.ts", "package-lock.json"];

/**
 * Returns the folder of the built page. Builds the page when it is missing or older than its sources. An aborted build
 * leaves no files.
 */
export async function builtPage(
  projectDir = resolve(import.meta.dirname, "../.."),
  signal?: AbortSignal,
): Promise<string> {
  const pageDir = join(projectDir, "dist");
  if (!(await isFresh(projectDir))) await build(projectDir, pageDir, signal);
  return pageDir;
}

async function isFresh(projectDir: string): Promise<boolean> {
  const [builtAt = 0, ...changedAt] = await Promise.all(
    ["dist/index.html", ...sources].map((path) => youngest(join(projectDir, path))),
  );
  return builtAt >= Math.max(...changedAt);
}

/**
 * When a file, or anything in a folder, last changed; 0 when it does not exist. (A folder changes when a file is
 * removed from it.)
 */
async function youngest(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.mtimeMs;
  const names = await readdir(path);
  const within = await Promise.all(names.map((name) => youngest(join(path, name))));
  return Math.max(found.mtimeMs, ...within);
}

/**
 * Builds like `npm run build`, but replaces the page in one step, because two stacks may build at once while a third
 * serves the page.
 */
async function build(projectDir: string, pageDir: string, signal?: AbortSignal): Promise<void> {
  const startedAt = new Date();
  // This folder is on the same disk as `dist`, so that the result can be moved there in one step.
  const workDir = join(projectDir, ".nightshift");
  await mkdir(workDir, { recursive: true });
  const work = await mkdtemp(join(workDir, "page-"));
  const made = join(work, "new");
  const vite = join(projectDir, "node_modules/vite/bin/vite.js");
  try {
    const args = [vite, "build", "--outDir", made, "--emptyOutDir", "--logLevel", "warn"];
    // The build is the same as for a deployment, even when a test or a developer starts it.
    const env = { ...process.env, NODE_ENV: "production" };
    await promisify(execFile)(process.execPath, args, { cwd: projectDir, env, ...(signal && { signal }) });
    // The result gets the time when the build began, so that a source that changes during the build is newer than the
    // result.
    await utimes(join(made, "index.html"), startedAt, startedAt);
    if (await isFresh(projectDir)) return; // Another process has built the same page first
    await rename(pageDir, join(work, "old")).catch(() => {}); // there was no page before
    await rename(made, pageDir).catch(() => {}); // Meanwhile another process has put its page there
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StackError(`The page cannot be built: ${why}`, "npm run build says the same.");
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
