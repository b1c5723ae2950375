import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { round3 } from "./campaign-send.ts";
import type { BenchStack } from "./campaign-stack.ts";

/**
 * Starts to measure the CPU time of the stack's processes, of Postgres and of this program ("bench"). The returned
 * function gives the time since then, in ms per unit of work.
 */
export async function measureCpu(
  stack: BenchStack,
): Promise<(units: number) => Promise<Record<string, number>>> {
  const before = await cpuOf(stack);
  return async (units) => {
    const after = Object.entries(await cpuOf(stack));
    return Object.fromEntries(after.map(([name, ms]) => [name, round3((ms - (before[name] ?? 0)) / units)]));
  };
}

async function cpuOf({ sql, processes }: BenchStack): Promise<Record<string, number>> {
  const { rows } = await sql.query<{ pid: number }>("select pid from pg_stat_activity");
  const { user, system } = process.cpuUsage();
  return {
    bench: (user + system) / 1000,
    ...Object.fromEntries(processes.map(({ name, pid }) => [name, pid === undefined ? 0 : cpuMsOf(pid)])),
    postgres: rows.reduce((sum, { pid }) => sum + cpuMsOf(pid), 0),
  };
}

/** The CPU time of a process so far: on Linux to a hundredth of a second, elsewhere as `ps` reports it. */
export function cpuMsOf(pid: number): number {
  const file = `/proc/${pid}/stat`;
  if (existsSync(file)) {
    const fields = readFileSync(file, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }
  const parts = ps(pid, "cputime").split(/[:-]/).map(Number);
  return parts.reduce((seconds, part) => seconds * 60 + part, 0) * 1000;
}

export const ps = (pid: number, what: string): string =>
  execFileSync("ps", ["-o", `${what}=`, "-p", String(pid)], { encoding: "utf8" }).trim();
