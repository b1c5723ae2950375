import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { createApiKey } from "@nightshift/local/api-key.ts";
import { siteEnvironment } from "@nightshift/local/stack/environment.ts";
import { newKeys } from "@nightshift/local/stack/keys.ts";
import { choosePorts } from "@nightshift/local/stack/ports.ts";
import { runProcess } from "@nightshift/local/stack/process.ts";
import { machineKeys } from "@nightshift/local/supabase/keys.ts";
import { migrate } from "@nightshift/local/supabase/migrate.ts";
import { startPostgres, throwawaySettings } from "@nightshift/local/supabase/postgres.ts";
import pg from "pg";
import { clientOf } from "./client.ts";

export type ChaosHouse = Awaited<ReturnType<typeof chaosHouse>>;

/**
 * The stack in separate processes, without a supervisor for the site, so that tests can kill it. `appUrl` is where the
 * engine calls the functions, when that is not the site itself.
 */
export async function chaosHouse(settings: Record<string, string>, options: { appUrl?: string } = {}) {
  const directory = mkdtempSync(join(tmpdir(), "nightshift-chaos-"));
  chmodSync(directory, 0o755);
  const postgres = await startPostgres({ dataDir: join(directory, "postgres"), settings: throwawaySettings });
  await migrate(postgres.url, "supabase/migrations");
  const ports = await choosePorts({ port: undefined, ephemeral: true });
  const supabase = await machineKeys(directory);
  const inherited = Object.fromEntries(["PATH", "HOME"].map((name) => [name, process.env[name] ?? ""]));
  const environment: Record<string, string> = {
    ...siteEnvironment(inherited, { ports, keys: newKeys(), supabase }),
    LOG_LEVEL: "error",
    PORT: String(ports.site),
    ...settings,
  };

  const run = (name: string, script: string, args: string[], env: Record<string, string> = {}) =>
    runProcess({
      name,
      command: [process.execPath, "--import", "tsx", join("local", script), ...args],
      env: { ...environment, ...env },
      cwd: process.cwd(),
      logFile: join(directory, `${name}.log`),
      say: () => {},
    });
  const appUrl = options.appUrl ?? `http://127.0.0.1:${ports.site}/api/inngest`;
  const parts = [
    run("providers", "providers/server.ts", [], {
      PORT: String(ports.mail),
      DATA_DIR: join(directory, "mail"),
    }),
    run("supabase", "supabase/cli.ts", ["--port", String(ports.supabase), "--data-dir", directory], {
      DATABASE_URL: postgres.url,
    }),
    // Retries come soon, because a test cannot wait for Inngest's first 15 to 45 seconds.
    run(
      "engine",
      "engine/cli.ts",
      ["--port", String(ports.engine), "--retry-interval", "4", "--app", appUrl],
      {
        DATABASE_URL: postgres.url,
      },
    ),
  ];
  await Promise.all(parts.map(({ ready }) => ready));
  const project = {
    url: environment["SUPABASE_URL"] ?? "",
    secretKey: environment["SUPABASE_SECRET_KEY"] ?? "",
  };
  const keyOf = (owner: string, role: "app" | "admin" = "app") =>
    createApiKey(project, { name: owner, role, owner });
  const key = await keyOf("chaos", "admin");
  const sql = new pg.Pool({ connectionString: postgres.url, max: 2 });
  sql.on("error", () => {}); // idle connections that Postgres ends with itself

  const sites = new Map<number, ChildProcess>();
  /** Starts the site; with another port, as one more process. */
  const startSite = async (port = ports.site) => {
    const child = spawn(process.execPath, ["--import", "tsx", "local/netlify/server.ts"], {
      env: { ...environment, PORT: String(port) },
      // By this channel the process notices when its parent has ended in any way.
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    sites.set(port, child);
    for (;;) {
      const health = await fetch(`http://127.0.0.1:${port}/api/health`).catch(() => undefined);
      if (health?.ok) return;
      if (child.exitCode !== null || child.signalCode !== null) throw new Error("The site did not start");
      await pause(25);
    }
  };
  const killSite = async (port = ports.site) => {
    const child = sites.get(port);
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  };

  return {
    ...clientOf(ports, key),
    siteUrl: `http://127.0.0.1:${ports.site}`,
    keyOf,
    async query<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
      return (await sql.query(text, values)).rows;
    },
    startSite,
    killSite,
    async close() {
      await Promise.all([...sites.keys()].map(killSite));
      await Promise.all(parts.map((part) => part.stop()));
      await sql.end();
      await postgres.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
