import { execFileSync } from "node:child_process";
import { isCode } from "#supabase/postgres-binaries.ts";

const everyMs = 500;

/**
 * Calls back when a parent process is gone: tsx, or npm when npm started this process. A parent may be killed without a
 * signal to this process, and then the stack would keep its ports and its data for ever.
 */
export function endWithParent(callback: () => void): void {
  const wasStartedByNpm = process.env["npm_lifecycle_event"] !== undefined;
  const ancestors = wasStartedByNpm ? ancestorsUpToNpm() : [process.ppid];
  const timer = setInterval(() => {
    if (process.ppid === ancestors[0] && ancestors.every((pid) => isAlive(pid))) return;
    clearInterval(timer);
    callback();
  }, everyMs);
  timer.unref();
}

function ancestorsUpToNpm(): number[] {
  const found = [process.ppid];
  try {
    for (let pid = process.ppid; pid > 1 && found.length < 6; ) {
      const line = execFileSync("ps", ["-o", "ppid=,args=", "-p", String(pid)], { encoding: "utf8" }).trim();
      if (
        /(^|\s|\/)npm(\s|$|-cli)/.test(line.replace(/^\d+\s+/, "").slice(0, 200)) &&
        !line.includes("sh -c")
      )
        return found;
      pid = Number(line.split(/\s+/)[0]);
      found.push(pid);
    }
  } catch {
    // Without `ps` only the direct parent is watched.
  }
  return [process.ppid];
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, "EPERM"); // The process belongs to another user
  }
}
