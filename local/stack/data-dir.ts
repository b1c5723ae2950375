import { createHash } from "node:crypto";
import {
  accessSync,
  chmodSync,
  constants,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmSync,
  unlinkSync,
} from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StackError } from "#stack/errors.ts";
import type { Options } from "#stack/options.ts";

export type DataDir = { path: string; release(): void };

/** All that the stack ever puts into its folder: `--reset` removes these and nothing else. */
const contents = ["postgres", "postgres.log", "storage", "mail", "logs", "keys.json", "supabase-keys.json"];

/** Takes the data folder for this process alone, ready to be written to. */
export async function takeDataDir(options: Options): Promise<DataDir> {
  const path = options.ephemeral ? throwAwayFolder() : options.dataDir;
  makeWritable(path);
  const lock = await lockFolder(path);
  if (options.reset) removeContents(path);
  return {
    path,
    release() {
      lock.close();
      if (!options.ephemeral) return;
      removeContents(path);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

function throwAwayFolder(): string {
  const path = mkdtempSync(join(tmpdir(), "nightshift-"));
  chmodSync(path, 0o711); // as root, Postgres runs as another user who must be able to walk in
  return path;
}

function removeContents(folder: string): void {
  for (const name of contents) {
    const path = join(folder, name);
    // The cluster may lie elsewhere, behind a link, when its user cannot walk in here.
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) {
      rmSync(readlinkSync(path), { recursive: true, force: true });
    }
    rmSync(path, { recursive: true, force: true });
  }
}

function makeWritable(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new StackError(
      `The data folder ${path} cannot be written to.`,
      "Give it to your user (chown, chmod), or choose another one: npm start -- --data-dir <path>",
      { cause: error },
    );
  }
}

/**
 * A lock is a socket that somebody listens on: it ends with its process, however that ends. A file with a process id in
 * it would outlive a `kill -9` and then mean nothing, or somebody else.
 */
async function lockFolder(folder: string): Promise<Server> {
  const name = createHash("sha256").update(folder).digest("hex").slice(0, 16);
  const path = join(tmpdir(), `nightshift-${name}.sock`);
  if (await isListening(path)) {
    throw new StackError(
      `A stack already runs on the data in ${folder}.`,
      "Use that one, stop it with Ctrl-C, or start a second one beside it: npm start -- --ephemeral",
    );
  }
  try {
    unlinkSync(path);
  } catch {
    // Nobody left one behind.
  }
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.end());
    server.once("error", reject);
    server.listen(path, () => resolve(server));
    server.unref();
  });
}

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
