import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readdirSync, realpathSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { StackError } from "#stack/errors.ts";
import { isCode } from "#supabase/postgres-binaries.ts";

/**
 * A lock is a socket with a listener, because the listener ends with its process, even when the process is killed. A
 * file with a process id would survive a `kill -9`, and then name no process, or another process. The socket is in a
 * folder, because a folder cannot be renamed onto one that is not empty: of many simultaneous starts exactly one gets
 * the lock. Every socket has its own name, so that deleting an abandoned socket never deletes a socket in use.
 */
export async function lockFolder(folder: string): Promise<() => void> {
  const place = placeOfLock(realpathSync.native(folder));
  const name = randomBytes(4).toString("hex");
  const prepared = `${place}-${name}`;
  const server = createServer((socket) => socket.end()).unref();
  try {
    mkdirSync(prepared);
    await once(server.listen(join(prepared, name)), "listening");
    while (!moved(prepared, place)) {
      for (const other of namesIn(place)) {
        if (await isListening(join(place, other))) throw taken(folder);
        rmSync(join(place, other), { force: true });
      }
    }
  } catch (error) {
    server.close();
    rmSync(prepared, { recursive: true, force: true });
    if (error instanceof StackError) throw error;
    throw new StackError(
      `The data folder ${folder} cannot be locked: ${error instanceof Error ? error.message : String(error)}.`,
      "Choose another one: npm start -- --data-dir <path>",
      { cause: error },
    );
  }
  return () => {
    server.close();
    rmSync(join(place, name), { force: true });
    removeEmpty(place);
  };
}

/**
 * The lock is in the data folder, so that every path to the folder leads to the same lock. If the path is too long for
 * a socket (about 100 bytes), the lock is in /tmp.
 */
function placeOfLock(folder: string): string {
  const inside = join(folder, "lock");
  if (Buffer.byteLength(inside) <= 85) return inside;
  return `/tmp/nightshift-${createHash("sha256").update(folder).digest("hex").slice(0, 16)}`;
}

const taken = (folder: string): StackError =>
  new StackError(
    `A stack already runs on the data in ${folder}.`,
    "Use that one, stop it with Ctrl-C, or start a second one beside it: npm start -- --ephemeral",
  );

/** Returns false when the target exists and is not empty. */
function moved(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (isCode(error, "ENOTEMPTY") || isCode(error, "EEXIST")) return false;
    throw error;
  }
}

/** The names of the files; none when the folder was deleted meanwhile. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isCode(error, "ENOENT")) return [];
    throw error;
  }
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // The folder is not empty, because another process has put its lock into it meanwhile.
  }
}

/** A socket that refuses connections has no owner any more. */
function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error) => resolve(!isCode(error, "ECONNREFUSED") && !isCode(error, "ENOENT")));
  });
}
