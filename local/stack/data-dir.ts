import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { StackError } from "#stack/errors.ts";
import { lockFolder } from "#stack/lock.ts";
import type { Options } from "#stack/options.ts";

export type DataDir = {
  path: string;
  /** Deletes the data. */
  empty(): void;
  release(): void;
};

/** Everything that the stack writes into its folder. `--reset` deletes exactly this. */
const contents = ["postgres", "postgres.log", "storage", "mail", "logs", "keys.json", "supabase-keys.json"];

/** Locks the data folder for this process, and makes sure that the process can write there. */
export async function takeDataDir(options: Options): Promise<DataDir> {
  const path = options.ephemeral ? throwAwayFolder() : options.dataDir;
  makeWritable(path);
  const unlock = await lockFolder(path);
  return {
    path,
    empty: () => removeContents(path),
    release() {
      unlock();
      if (!options.ephemeral) return;
      removeContents(path);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

function throwAwayFolder(): string {
  const path = mkdtempSync(join(tmpdir(), "nightshift-"));
  chmodSync(path, 0o711); // When started by root, Postgres runs as another user, who must be able to enter this folder
  return path;
}

function removeContents(folder: string): void {
  for (const name of contents) {
    const path = join(folder, name);
    // When Postgres's user cannot enter the data folder, the cluster is elsewhere, and this path is a link to it.
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) {
      rmSync(readlinkSync(path), { recursive: true, force: true });
    }
    rmSync(path, { recursive: true, force: true });
  }
}

function makeWritable(path: string): void {
  try {
    makeFolder(path);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new StackError(
      `The data folder ${path} cannot be written to.`,
      "Give it to your user (chown, chmod), or choose another one: npm start -- --data-dir <path>",
      { cause: error },
    );
  }
}

/** Used instead of `mkdir` with `recursive`, which runs forever where the system allows no folder, such as in /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
}
