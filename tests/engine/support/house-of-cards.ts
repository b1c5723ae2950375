/**
 * Postgres, gateway and engine as three processes on one data folder. Each can be killed with SIGKILL and returns at
 * the same address. The app under test does its effects through the gateway.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { choosePorts } from "@nightshift/local/stack/ports.ts";
import { machineKeys } from "@nightshift/local/supabase/keys.ts";
import { migrate } from "@nightshift/local/supabase/migrate.ts";
import { startPostgres } from "@nightshift/local/supabase/postgres.ts";
import pg from "pg";
import { type ServerProcess, startProcess } from "./processes.ts";
import { eventually } from "./wait.ts";

export type Victim = "engine" | "gateway" | "postgres";

export type House = {
  engineUrl: string;
  gatewayUrl: string;
  secretKey: string;
  /** kill -9, then started again; resolves when it answers. */
  kill: (victim: Victim) => Promise<void>;
  query: <Row extends pg.QueryResultRow>(sql: string) => Promise<Row[]>;
  close: () => Promise<void>;
};

export async function openHouse(prepare: string): Promise<House> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "nightshift-crash-"));
  const dataDir = path.join(folder, "postgres");
  let postgres = await startPostgres({ dataDir });
  const url = postgres.url;
  const migrations = path.join(folder, "migrations");
  fs.mkdirSync(migrations);
  fs.writeFileSync(path.join(migrations, "20260101000000_prepare.sql"), prepare);
  await migrate(url, migrations);
  const ports = await choosePorts({ port: undefined, ephemeral: true });
  const keys = await machineKeys(folder);
  const start = {
    engine: () =>
      startProcess("engine", [
        "--port",
        String(ports.engine),
        "--database-url",
        url,
        "--retry-interval",
        "1",
      ]),
    gateway: () =>
      startProcess("gateway", ["--port", String(ports.supabase), "--data-dir", folder], {
        DATABASE_URL: url,
      }),
  };
  const servers: Record<"engine" | "gateway", ServerProcess> = {
    engine: await start.engine(),
    gateway: await start.gateway(),
  };

  return {
    engineUrl: servers.engine.url,
    gatewayUrl: servers.gateway.url,
    secretKey: keys.secret,
    kill: async (victim) => {
      if (victim !== "postgres") {
        await servers[victim].kill("SIGKILL");
        servers[victim] = await start[victim]();
        return;
      }
      const pid = Number(fs.readFileSync(path.join(dataDir, "postmaster.pid"), "utf8").split("\n")[0]);
      process.kill(pid, "SIGKILL");
      await postgres.exited;
      postgres = await startPostgres({ dataDir });
      if (postgres.url !== url) throw new Error(`Postgres came back at ${postgres.url}, it was at ${url}`);
    },
    query: <Row extends pg.QueryResultRow>(sql: string) =>
      eventually("Postgres to answer", () => queryOnce<Row>(url, sql).catch(() => undefined)),
    close: async () => {
      await Promise.all([servers.engine.kill("SIGTERM"), servers.gateway.kill("SIGTERM")]);
      await postgres.stop();
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function queryOnce<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}
