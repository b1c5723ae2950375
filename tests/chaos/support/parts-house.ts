import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startStack } from "@nightshift/local/stack/stack.ts";
import pg from "pg";
import type { House } from "./campaign.ts";
import { clientOf } from "./client.ts";

/** The parts that can be killed, with the supervisor's names for them. */
const names = { site: "site", engine: "engine", gateway: "supabase", postgres: "Postgres" } as const;
export type Part = keyof typeof names;

export type PartsHouse = House & {
  /** True when the supervisor's last message says that the part is up. */
  isUp(part: Part): boolean;
  /** `kill -9`; the supervisor starts the part again. False when the part has just died by itself. */
  kill(part: Part): boolean;
  /** The supervisor's messages. */
  said: readonly string[];
  close(): Promise<void>;
};

/** The stack of `npm start` with its own supervisor; only the engine's retries come sooner than Inngest's. */
export async function partsHouse(environment: Record<string, string>): Promise<PartsHouse> {
  const down = new Set<string>();
  const said: string[] = [];
  const stack = await startStack(
    { port: undefined, dataDir: "", reset: false, ephemeral: true, inngest: false, timeScale: 1 },
    {
      environment: { ...environment, LOG_LEVEL: "error" },
      engineFlags: ["--retry-interval", "2"],
      say: (sentence) => {
        said.push(sentence);
        const [, name = "", event] = /^(\w+) (died|is back)/.exec(sentence) ?? [];
        if (event === "died") down.add(name);
        if (event === "is back") down.delete(name);
      },
    },
  );
  const url = stack.databaseUrl ?? "";
  const pidOf = (part: Part) =>
    part === "postgres"
      ? Number.parseInt(readFileSync(join(stack.dataDir, "postgres/postmaster.pid"), "utf8"), 10)
      : stack.processes.find(({ name }) => name === names[part])?.pid;

  return {
    ...clientOf(stack.ports, stack.keys.admin),
    query: <Row>(sql: string, values: unknown[] = []) => queryOnceItAnswers<Row>(url, sql, values),
    said,
    isUp: (part) => !down.has(names[part]),
    kill(part) {
      const pid = pidOf(part);
      if (pid === undefined || !isAlive(pid)) return false;
      down.add(names[part]);
      return process.kill(pid, "SIGKILL");
    },
    close: () => stack.stop(),
  };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Repeats a query when Postgres was killed during it; errors of the query itself are thrown. */
async function queryOnceItAnswers<Row>(url: string, sql: string, values: unknown[]): Promise<Row[]> {
  for (const deadline = performance.now() + 60_000; ; await pause(50)) {
    const client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: 2_000,
      query_timeout: 5_000,
    });
    client.on("error", () => {});
    try {
      await client.connect();
      return (await client.query(sql, values)).rows;
    } catch (error) {
      const isRefusal = error instanceof pg.DatabaseError && !/^(08|57)/.test(error.code ?? "");
      if (isRefusal || performance.now() > deadline) throw error;
    } finally {
      void client.end().catch(() => {}); // one that was cut off in the middle never says that it has ended
    }
  }
}
