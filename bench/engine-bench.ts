import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { getRequestListener } from "@hono/node-server";
import { eventType, Inngest, staticSchema } from "inngest";
import { serve } from "inngest/edge";
import { request as send } from "undici";

const STEPS = [0, 1, 10] as const;
const silent = { info() {}, warn() {}, error() {}, debug() {} };
const numbered = (name: string) => eventType(name, { schema: staticSchema<{ n: number }>() });

export type EngineBench = Awaited<ReturnType<typeof openBench>>;

/** An engine process, an app in this one, and the ends of runs as the app sees them. */
export async function openBench() {
  const engine = await startEngine();
  const inngest = new Inngest({ id: "bench", isDev: true, baseUrl: engine.url, logger: silent });
  let sent = 0;
  let asleep = 0;
  const waiting = new Map<number, () => void>();
  const returned: number[] = [];

  const handler = serve({
    client: inngest,
    functions: [
      ...STEPS.map((steps) =>
        inngest.createFunction(
          { id: `steps-${steps}`, retries: 0, triggers: [numbered(`steps-${steps}`)] },
          async ({ event, step }) => {
            for (let n = 0; n < steps; n++) await step.run(`step-${n}`, () => n);
            returned.push(event.data.n);
          },
        ),
      ),
      inngest.createFunction(
        { id: "sleeper", retries: 0, triggers: [numbered("sleeper")] },
        async ({ step }) => {
          asleep++;
          await step.sleep("long", "30d");
        },
      ),
    ],
  });
  /** A call as the engine makes it, to be made again without the engine. */
  let call: { url: string; body: string } | undefined;
  const listener = getRequestListener(
    async (request) => {
      if (call === undefined && request.url.includes("steps-0"))
        call = { url: request.url, body: await request.clone().text() };
      const response = await handler(request);
      for (const n of returned.splice(0)) waiting.get(n)?.();
      return response;
    },
    { overrideGlobalObjects: false },
  );
  const server = createServer((request, response) => void listener(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const registered = await send(`http://127.0.0.1:${port}/api/inngest`, { method: "PUT" });
  if (registered.statusCode !== 200)
    throw new Error(`the engine refused the app: ${await registered.body.text()}`);

  const post = async (events: object[]) => {
    const { statusCode, body } = await send(`${engine.url}/e/bench`, {
      method: "POST",
      body: JSON.stringify(events),
    });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`events refused: ${statusCode} ${text}`);
  };
  /** One run from its event to the app's last answer. */
  const one = async (id: string): Promise<number> => {
    const n = ++sent;
    const began = performance.now();
    const end = new Promise<void>((resolve) => waiting.set(n, resolve));
    await post([{ name: id, data: { n } }]);
    await end;
    waiting.delete(n);
    return performance.now() - began;
  };

  return {
    cpuMs: () => ({ engine: cpuMsOf(engine.pid), app: ownCpuMs() }),
    rssMb: () => Math.round(rssKbOf(engine.pid) / 1024),

    /** Runs `count` times, always so many in flight; gives the seconds it took. */
    many: async (id: string, count: number, inFlight: number): Promise<number> => {
      const began = performance.now();
      let left = count;
      const worker = async () => {
        while (left-- > 0) await one(id);
      };
      await Promise.all(Array.from({ length: inFlight }, worker));
      return (performance.now() - began) / 1000;
    },

    oneByOne: (id: string, count: number) => inTurn(count, () => one(id)),

    /** The same request as the engine's, straight to the app: what a run costs without an engine. */
    bareCalls: (count: number) =>
      inTurn(count, async () => {
        if (call === undefined) throw new Error("no call was seen yet");
        const began = performance.now();
        const headers = { "content-type": "application/json", "x-inngest-server-kind": "dev" };
        const { body } = await send(call.url, { method: "POST", headers, body: call.body });
        await body.dump();
        returned.length = 0;
        return performance.now() - began;
      }),

    /** So many more runs that sleep. */
    sleepers: async (count: number): Promise<void> => {
      const goal = asleep + count;
      for (let left = count; left > 0; left -= 1000)
        await post(Array.from({ length: Math.min(1000, left) }, () => ({ name: "sleeper", data: { n: 0 } })));
      while (asleep < goal) await new Promise((resolve) => setTimeout(resolve, 50));
    },

    close: async (): Promise<void> => {
      engine.kill();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function inTurn(count: number, measure: () => Promise<number>): Promise<number[]> {
  const values: number[] = [];
  for (let n = 0; n < count; n++) values.push(await measure());
  return values;
}

async function startEngine(): Promise<{ url: string; pid: number; kill: () => void }> {
  const { DATABASE_URL: _none, ...env } = process.env;
  const cli = fileURLToPath(import.meta.resolve("@nightshift/local/engine/cli.ts"));
  const child = spawn(process.execPath, ["--import", "tsx", cli, "--port", "0"], {
    env,
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  if (child.stdout === null) throw new Error("the engine has no output");
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (url !== undefined) return { url, pid: child.pid ?? 0, kill: () => void child.kill("SIGTERM") };
  }
  throw new Error(`the engine ended with ${child.exitCode} before it listened`);
}

const ownCpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** On Linux to the hundredth of a second, elsewhere what `ps` says. */
function cpuMsOf(pid: number): number {
  const file = `/proc/${pid}/stat`;
  if (existsSync(file)) {
    const fields = readFileSync(file, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }
  const parts = ps(pid, "cputime").split(/[:-]/).map(Number);
  return parts.reduce((seconds, part) => seconds * 60 + part, 0) * 1000;
}

const rssKbOf = (pid: number): number => Number(ps(pid, "rss"));
const ps = (pid: number, what: string): string =>
  execFileSync("ps", ["-o", `${what}=`, "-p", String(pid)], { encoding: "utf8" }).trim();
