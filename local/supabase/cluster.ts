import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { placeData, rememberHome } from "./data-directory.ts";
import { type Binaries, isCode, reachableByOthers } from "./postgres-binaries.ts";

/**
 * A cluster is a data directory that `initdb` has finished. The directory is made under another name and then renamed,
 * so that an unfinished cluster is never used. The random superuser password is stored in the directory.
 */
export type Cluster = { directory: string; password: string };

const passwordFile = "superuser-password";

export const openCluster = (wanted: string, binaries: Binaries): Cluster => {
  const home = path.resolve(wanted);
  const directory = placeFor(home, binaries);
  if (!fs.existsSync(path.join(directory, "PG_VERSION"))) createCluster(directory, home, binaries);
  const password = fs.readFileSync(path.join(directory, passwordFile), "utf8");
  return { directory, password };
};

const placeFor = (wanted: string, { user }: Binaries): string => {
  const parent = path.dirname(wanted);
  try {
    fs.mkdirSync(parent, { recursive: true });
    fs.accessSync(parent, fs.constants.W_OK);
  } catch (cause) {
    throw new Error(`The data folder ${parent} cannot be written. Choose another one with --data-dir.`, {
      cause,
    });
  }
  return user === undefined || reachableByOthers(parent) ? wanted : placeData(wanted);
};

const createCluster = (directory: string, home: string, { directory: programs, user }: Binaries) => {
  removeLeftovers(directory);
  const unfinished = `${directory}.init-${process.pid}`;
  const password = randomBytes(18).toString("base64url");
  const secret = `${unfinished}.password`;
  try {
    fs.mkdirSync(unfinished, { mode: 0o700 });
    fs.writeFileSync(secret, password, { mode: 0o600 });
    if (user !== undefined) for (const item of [unfinished, secret]) fs.chownSync(item, user.uid, user.gid);
    const { status, stderr, error } = spawnSync(
      path.join(programs, "bin", "initdb"),
      // The password is random and long, so 4,096 rounds of hashing would add no protection, and would slow down each
      // new connection.
      // biome-ignore format: one option a line would hide what matters
      ["-D", unfinished, "-U", "postgres", "--pwfile", secret, "-A", "scram-sha-256", "-c", "scram_iterations=1", "-E", "UTF8", "--locale=C", "--no-sync"],
      { ...user, cwd: "/", encoding: "utf8", env: { PATH: process.env["PATH"], LC_ALL: "C", TZ: "UTC" } },
    );
    if (status !== 0) {
      const why = /FATAL: *(.*)|could not .*/.exec(stderr ?? "");
      throw new Error(`initdb failed: ${error?.message ?? why?.[1] ?? why?.[0] ?? stderr.trim()}`);
    }
    fs.renameSync(secret, path.join(unfinished, passwordFile));
    if (home !== directory) rememberHome(unfinished, home);
    fs.renameSync(unfinished, directory);
  } catch (error) {
    fs.rmSync(unfinished, { recursive: true, force: true });
    fs.rmSync(secret, { force: true });
    // When two starts happen at once, both use the cluster that was renamed first.
    if (!isCode(error, "ENOTEMPTY") && !isCode(error, "EEXIST")) throw error;
  }
};

/** A start that was killed during initdb leaves its unfinished folder. */
const removeLeftovers = (directory: string) => {
  const prefix = `${path.basename(directory)}.init-`;
  for (const name of fs.readdirSync(path.dirname(directory))) {
    const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : 0;
    if (pid > 0 && !isAlive(pid))
      fs.rmSync(path.join(path.dirname(directory), name), { recursive: true, force: true });
  }
};

export const isAlive = (pid: number): boolean => {
  if (!Number.isInteger(pid) || isZombie(pid)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, "EPERM");
  }
};

/**
 * Whether a process is a zombie: it has ended, but was not reaped by its parent. In a container, process 1 may never
 * reap a zombie, which then stays in the process table.
 */
export const isZombie = (pid: number): boolean => {
  try {
    return fs.readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
};
