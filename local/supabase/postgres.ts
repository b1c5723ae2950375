import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { type Cluster, isAlive, openCluster } from "./cluster.ts";
import { type Binaries, findBinaries, keepFreedMemory } from "./postgres-binaries.ts";
import { choosePort, lastError, ownerOf, readOrEmpty, runningServer, urlOf } from "./server-files.ts";

export type Postgres = {
  /** The superuser's connection string. */
  url: string;
  port: number;
  /** False when another running process already serves this data. Then `stop` does not end the server. */
  owned: boolean;
  /** Resolves when the server has ended for any reason. */
  exited: Promise<void>;
  stop(): Promise<void>;
};

export type PostgresOptions = {
  dataDir: string;
  /** Lines for postgresql.conf, such as `{ fsync: "off" }`. */
  settings?: Readonly<Record<string, string | number>>;
  /** The file of Postgres's log; by default it is beside the data. */
  logFile?: string;
};

/**
 * Settings for databases that are deleted after one test run: nothing waits for the disk, and a killed server loses
 * data.
 */
export const throwawaySettings = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
} as const;

/** Settings that count every statement. Benchmarks read `pg_stat_statements`. */
export const countStatements = {
  shared_preload_libraries: "pg_stat_statements",
  "pg_stat_statements.track": "top",
} as const;

const patienceMs = 30_000;

/**
 * These errors are temporary: another process started this server first, the port was taken meanwhile, or a killed
 * server's memory is not released yet.
 */
const passes = /lock file|in use|bind|shared memory/;

/**
 * Starts the Postgres of a data folder, or connects to the one that is already running there. Postgres ends with the
 * process that started it, even if that process is killed.
 */
export const startPostgres = async (options: PostgresOptions): Promise<Postgres> => {
  const binaries = findBinaries();
  const cluster = openCluster(options.dataDir, binaries);
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const running = await attach(cluster, deadline);
    if (running !== undefined) return running;
    const logFile = options.logFile ?? path.join(path.dirname(path.resolve(options.dataDir)), "postgres.log");
    const before = readOrEmpty(logFile).length;
    const started = await launch(cluster, binaries, options.settings ?? {}, logFile);
    if (started !== undefined) return started;
    const reason = lastError(logFile, before);
    if (!passes.test(reason) || Date.now() > deadline) {
      throw new Error(`Postgres does not start: ${reason} (see ${logFile})`);
    }
    await delay(50);
  }
};

/**
 * When the process that started the server is dead, the shell beside the server ends it soon. If the shell does not,
 * the server is ended here.
 */
const attach = async (cluster: Cluster, deadline: number): Promise<Postgres | undefined> => {
  for (;;) {
    const server = runningServer(cluster);
    if (server === undefined) return undefined;
    const url = urlOf(cluster, server.port);
    if (server.ready && !isAlive(ownerOf(cluster))) {
      terminate(server.pid);
    } else if (server.ready && (await answers(url))) {
      return {
        url,
        port: server.port,
        owned: false,
        exited: waitUntilGone(server.pid),
        stop: async () => {},
      };
    }
    if (Date.now() > deadline) {
      throw new Error(
        `Process ${server.pid} holds ${cluster.directory} but does not answer. ` +
          `If it is no Postgres, remove ${path.join(cluster.directory, "postmaster.pid")}.`,
      );
    }
    await delay(20);
  }
};

const terminate = (pid: number) => {
  try {
    process.kill(pid, "SIGINT");
  } catch {
    // The process has ended meanwhile.
  }
};

const launch = async (
  cluster: Cluster,
  { directory, user }: Binaries,
  settings: Readonly<Record<string, string | number>>,
  logFile: string,
): Promise<Postgres | undefined> => {
  const port = await choosePort(cluster);
  const flags = Object.entries({
    port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: 100,
    shared_buffers: "64MB",
    max_wal_size: "512MB",
    log_min_messages: "fatal",
    log_min_error_statement: "panic",
    // This setting has no effect except that postmaster.opts contains the owner.
    "nightshift.owner": process.pid,
    ...settings,
  }).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const log = fs.openSync(logFile, "a");
  // Postgres does not notice when its parent ends. So a shell, which init adopts, reads a pipe that only this process
  // holds open. When this process ends, even by kill -9, the pipe ends and the shell stops the server.
  const watch = '( { read -r _ <&3; kill -INT $$; } >/dev/null 2>&1 & ) 3<&0; exec "$@" </dev/null';
  const child = spawn(
    "/bin/sh",
    ["-c", watch, "sh", path.join(directory, "bin", "postgres"), "-D", cluster.directory, ...flags],
    {
      ...user,
      cwd: "/",
      env: { PATH: process.env["PATH"], LC_ALL: "C", TZ: "UTC", ...keepFreedMemory },
      stdio: ["pipe", log, log],
      // Postgres gets its own process group, so that Ctrl-C in a terminal reaches only this process, which then stops
      // the server in order.
      detached: true,
    },
  );
  fs.closeSync(log);
  const exited = new Promise<void>((resolve) => {
    child.once("error", () => resolve());
    child.once("exit", () => resolve());
  });
  void exited.then(() => child.stdin?.destroy());
  if (!(await becomesReady(cluster, child, port))) return undefined;
  const stop = async () => {
    child.ref();
    child.kill("SIGINT");
    const impatience = setTimeout(() => child.kill("SIGQUIT"), 10_000);
    await exited;
    clearTimeout(impatience);
  };
  child.unref();
  return { url: urlOf(cluster, port), port, owned: true, exited, stop };
};

const becomesReady = async (cluster: Cluster, child: ChildProcess, port: number): Promise<boolean> => {
  while (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    const server = runningServer(cluster);
    if (server?.pid === child.pid && server.ready && (await answers(urlOf(cluster, port)))) return true;
    await delay(10);
  }
  return false;
};

const answers = async (url: string): Promise<boolean> => {
  // A busy process may need seconds to open a connection. With a shorter limit it might never succeed.
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
};

const waitUntilGone = async (pid: number) => {
  while (isAlive(pid)) await delay(200, undefined, { ref: false });
};
