import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startStack } from "@nightshift/local/stack/stack.ts";
import { countStatements, startPostgres } from "@nightshift/local/supabase/postgres.ts";
import pg from "pg";

export type BenchStack = Awaited<ReturnType<typeof benchStack>>;

/**
 * The stack as `npm start` runs it, with each part in its own process. In addition, Postgres counts statements. The
 * fsync of Postgres stays on.
 */
export async function benchStack(environment: Record<string, string>) {
  const directory = mkdtempSync(join(tmpdir(), "nightshift-bench-"));
  const postgres = await startPostgres({ dataDir: join(directory, "postgres"), settings: countStatements });
  const stack = await startStack(
    { port: undefined, dataDir: ".nightshift", reset: false, ephemeral: true, inngest: false, timeScale: 1 },
    { say: () => {}, environment: { LOG_LEVEL: "warn", ...environment, DATABASE_URL: postgres.url } },
  );
  const sql = new pg.Pool({ connectionString: postgres.url, max: 2 });
  await sql.query("create extension if not exists pg_stat_statements");
  const urls = {
    site: `http://127.0.0.1:${stack.ports.site}`,
    engine: `http://127.0.0.1:${stack.ports.engine}`,
    mail: `http://127.0.0.1:${stack.ports.mail}`,
  };

  const call = async <T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<T> => {
    const isCsv = typeof body === "string";
    const response = await fetch(urls.site + path, {
      method,
      headers: {
        authorization: `Bearer ${stack.keys.app}`,
        "content-type": isCsv ? "text/csv" : "application/json",
      },
      ...(body === undefined ? {} : { body: isCsv ? body : JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };

  return {
    urls,
    sql,
    call,
    apiKey: stack.environment["RESEND_API_KEY"] ?? "",
    keys: stack.keys,
    processes: stack.processes,
    control: async <T>(path: string, body?: unknown): Promise<T> => {
      const init =
        body === undefined
          ? {}
          : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
      const response = await fetch(`${urls.mail}/_control/${path}`, init);
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      return (await response.json()) as T;
    },
    usage: async () => (await (await fetch(`${urls.engine}/local/usage`)).json()) as { executions: number },
    /**
     * The number of SQL statements that the product has sent. Only the product uses the API's roles, so the engine's
     * statements are not counted.
     */
    async statements(): Promise<number> {
      const { rows } = await sql.query(
        `select coalesce(sum(calls), 0)::int as calls from pg_stat_statements
         where userid in (select oid from pg_roles where rolname in ('service_role', 'authenticated', 'anon'))`,
      );
      return rows[0].calls;
    },
    /** The most memory that a process has used, in MB. */
    peakRssMb(name: string): number {
      const pid = stack.processes.find((process) => process.name === name)?.pid;
      const status = pid === undefined ? "" : readStatus(pid);
      return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
    },
    async stop() {
      await sql.end();
      await stack.stop();
      await postgres.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return ""; // Not Linux: no figure is better than a wrong one
  }
}
