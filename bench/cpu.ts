import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

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
