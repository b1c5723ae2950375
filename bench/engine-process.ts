import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { cpuMsOf, ps } from "./cpu.ts";

export type EngineProcess = Awaited<ReturnType<typeof startEngine>>;

/** `npm run engine` in its own process, whose use of CPU and memory is measured. */
export async function startEngine(flags: string[]) {
  const { DATABASE_URL: _none, ...env } = process.env;
  const cli = fileURLToPath(import.meta.resolve("@nightshift/local/engine/cli.ts"));
  const node = ["--expose-gc", "--import", "tsx", "--import", heapOnRequest];
  const child = spawn(process.execPath, [...node, cli, "--port", "0", ...flags], {
    env,
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  if (child.stdout === null) throw new Error("the engine has no output");
  const pid = child.pid ?? 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (url === undefined) continue;
    return {
      url,
      cpuMs: () => cpuMsOf(pid),
      /** The memory of the whole process, and the part of the heap that is in use. */
      memory: async () => {
        const rssMb = mb(Number(ps(pid, "rss")) * 1024);
        child.send("heap");
        let answer: unknown; // The message "ready" for a supervisor may come first
        while (typeof answer !== "number") [answer] = await once(child, "message");
        return { rssMb, heapMb: mb(answer) };
      },
      stop: async () => {
        const exited = once(child, "exit");
        child.kill("SIGTERM");
        await exited;
      },
    };
  }
  throw new Error(`the engine ended with ${child.exitCode} before it listened`);
}

const heapOnRequest = `data:text/javascript,process.on("message", () => {
  globalThis.gc();
  process.send(process.memoryUsage().heapUsed);
})`;

const mb = (bytes: number): number => Math.round(bytes / 1024 / 1024);
