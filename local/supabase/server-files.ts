import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Cluster, isAlive, isZombie } from "./cluster.ts";

/** The server that uses a data directory, according to the files in it. */
export const runningServer = ({
  directory,
}: Cluster): { pid: number; port: number; ready: boolean } | undefined => {
  const file = path.join(directory, "postmaster.pid");
  const content = readOrEmpty(file);
  const lines = content.split("\n");
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  if (isPostgresOf(directory, pid))
    return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === "ready" };
  // Postgres does not start while any process has this pid: a killed server that was not reaped, or, after a power loss,
  // another program. So the file is removed, unless another start has replaced it meanwhile.
  if ((isAlive(pid) || isZombie(pid)) && readOrEmpty(file) === content) fs.rmSync(file, { force: true });
  return undefined;
};

const isPostgresOf = (directory: string, pid: number): boolean => {
  const [, served = ""] = /(?:^|\/)postgres -D (.+?)(?: -c |\s*$)/.exec(commandOf(pid)) ?? [];
  return served !== "" && realPathOf(served) === realPathOf(directory);
};

/** The program and its arguments, separated by spaces. Empty when there is no such process. */
const commandOf = (pid: number): string => {
  if (process.platform === "linux") return readOrEmpty(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
  return spawnSync("ps", ["-ww", "-o", "args=", "-p", String(pid)], { encoding: "utf8" }).stdout ?? "";
};

const realPathOf = (target: string): string => {
  try {
    return fs.realpathSync(target);
  } catch {
    return target;
  }
};

export const ownerOf = ({ directory }: Cluster) =>
  Number(/nightshift\.owner=(\d+)/.exec(readOrEmpty(path.join(directory, "postmaster.opts")))?.[1]);

/** How long the child processes of a killed server may still hold its port. */
const releaseMs = 5_000;

/**
 * The previous port if it is free, so that a gateway or an engine finds the server again after a crash. The port number
 * is below the numbers for outgoing connections, because an outgoing connection might take the port while the server is
 * down.
 */
export const choosePort = async (cluster: Cluster): Promise<number> => {
  const file = path.join(cluster.directory, "port");
  const last = Number(readOrEmpty(file));
  for (const deadline = Date.now() + releaseMs; last > 0; await delay(50)) {
    if (await isFree(last)) return last;
    if (Date.now() > deadline || runningServer(cluster) !== undefined) break;
  }
  for (let tries = 0; tries < 100; tries += 1) {
    const port = randomInt(15_000, 32_000);
    if (!(await isFree(port))) continue;
    fs.writeFileSync(file, String(port));
    return port;
  }
  throw new Error("No free port on 127.0.0.1.");
};

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });

export const urlOf = ({ password }: Cluster, port: number) =>
  `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;

/** The reason that Postgres logged after the first `from` characters of its log. */
export const lastError = (logFile: string, from: number): string =>
  readOrEmpty(logFile)
    .slice(from)
    .split("\n")
    .findLast((line) => line.includes("FATAL") || line.includes("could not"))
    ?.replace(/^.*FATAL: */, "") ?? "no reason in its log";

export const readOrEmpty = (file: string) => {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return "";
  }
};
