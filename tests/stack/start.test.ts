import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, expect, test } from "vitest";

/** `npm start` itself, as a process, with real kills. */
const projectDir = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "nightshift-start-"));
const running = new Set<ChildProcess>();
afterEach(async () => {
  await Promise.all([...running].map((child) => ended(child, "SIGTERM")));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The names of the parts in the output of `ps`. */
const parts = {
  site: "/server.mjs",
  engine: "local/engine/cli.ts",
  supabase: "local/supabase/cli.ts",
  providers: "local/providers/server.ts",
};

type Started = { child: ChildProcess; output: () => string; site: string; key: string };

function run(
  args: string[],
  environment: Record<string, string> = {},
  inherited: readonly string[] = Object.keys(process.env),
): { child: ChildProcess; output: () => string } {
  const env: NodeJS.ProcessEnv = { ...environment };
  for (const name of inherited) env[name] ??= process.env[name];
  for (const name of ["SUPABASE_URL", "DATABASE_URL", "INNGEST_DEV"])
    if (!(name in environment)) delete env[name];
  const child = spawn(process.execPath, ["--import", "tsx", "local/start.ts", ...args], {
    cwd: projectDir,
    env,
  });
  running.add(child);
  child.once("close", () => running.delete(child));
  let text = "";
  child.stdout?.on("data", (chunk) => (text += String(chunk)));
  child.stderr?.on("data", (chunk) => (text += String(chunk)));
  return { child, output: () => text };
}

async function start(
  args: string[],
  environment?: Record<string, string>,
  inherited?: readonly string[],
): Promise<Started> {
  const { child, output } = run(args, environment, inherited);
  await until(() => output().includes("Ctrl-C stops everything") || child.exitCode !== null, output);
  const [, site = "", key = ""] = /(http:\/\/localhost:\d+)\/#key=(\S+)/.exec(output()) ?? [];
  if (site === "") throw new Error(`It did not start:\n${output()}`);
  return { child, output, site, key };
}

async function until(
  condition: () => boolean | Promise<boolean>,
  describe: () => string = () => "",
): Promise<void> {
  for (const deadline = Date.now() + 180_000; Date.now() < deadline; ) {
    if (await condition()) return;
    await new Promise((again) => setTimeout(again, 50));
  }
  throw new Error(`It did not come to pass. ${describe()}`);
}

/** Waits for the end, after a signal if one is given. "exit" may come before all output was read. */
async function ended(child: ChildProcess, signal?: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exit = new Promise<number | null>((done) => child.once("close", done));
  if (signal !== undefined) child.kill(signal);
  return exit;
}

/**
 * The output of `npm run key`, or its error. It runs asynchronously, because this process must notice when an idle
 * connection ends.
 */
function keyCommand(...args: string[]): Promise<string> {
  const env = { ...process.env };
  for (const name of ["SUPABASE_URL", "SUPABASE_SECRET_KEY"]) delete env[name];
  const command = ["--import", "tsx", "local/key.ts", ...args];
  return new Promise((done) =>
    execFile(process.execPath, command, { cwd: projectDir, env }, (error, stdout, stderr) =>
      done((error === null ? stdout : stderr).trim()),
    ),
  );
}

type Process = { pid: number; parent: number; command: string };

/** Linux lists processes without `ps`, which a minimal machine may not have. */
const processes = (): Process[] => (process.platform === "linux" ? fromProc() : fromPs());

const fromProc = (): Process[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const [, parent] = readFileSync(`/proc/${pid}/stat`, "utf8")
          .replace(/^.*\) /s, "")
          .split(" ");
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        return [{ pid: Number(pid), parent: Number(parent), command }];
      } catch {
        return []; // it has just ended
      }
    });

const fromPs = (): Process[] =>
  execFileSync("ps", ["-A", "-ww", "-o", "pid=,ppid=,args="], { encoding: "utf8" })
    .split("\n")
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .map((match) => ({ pid: Number(match?.[1]), parent: Number(match?.[2]), command: match?.[3] ?? "" }));
const childrenOf = (child: ChildProcess) => processes().filter(({ parent }) => parent === child.pid);
const postgresOf = (dataDir: string) => {
  const cluster = realpathSync(join(dataDir, "postgres"));
  return processes().filter(
    ({ command }) => /^\S+\/postgres /.test(command) && command.includes(`-D ${cluster} `),
  );
};

/** A pid of 0 would kill this process and all its children. */
function killHard(victim: Process | undefined): void {
  if (victim === undefined)
    throw new Error(
      `There is nobody to kill among:\n${processes()
        .map(({ command }) => command)
        .join("\n")}`,
    );
  process.kill(victim.pid, "SIGKILL");
}
const isAlive = (pid: number) => processes().some((one) => one.pid === pid);

/** A port with three free ports after it, all below those that systems use for outgoing connections. */
async function freeBlock(): Promise<string> {
  for (;;) {
    const first = 15_000 + Math.floor(Math.random() * 17_000);
    const free = await Promise.all([0, 1, 2, 3].map((offset) => isFree(first + offset)));
    if (free.every(Boolean)) return String(first);
  }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const server = createServer().once("error", () => done(false));
    server.listen(port, "127.0.0.1", () => server.close(() => done(true)));
  });

const call = async ({ site, key }: Started, method: string, path: string, body?: object) => {
  const response = await fetch(`${site}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const isReady = async (stack: Started) =>
  fetch(`${stack.site}/api/ready`).then(
    (response) => response.ok,
    () => false,
  );

test("S1-22: killed parts are restarted; after a kill of the supervisor no process is left, and a restart has the same data and keys", async () => {
  const dataDir = join(folder, "killed");
  mkdirSync(join(dataDir, "mail"), { recursive: true });
  writeFileSync(join(dataDir, "mail/of-last-time"), "");
  const first = await start(["--data-dir", dataDir, "--reset", "--port", await freeBlock()]);
  expect(existsSync(join(dataDir, "mail/of-last-time"))).toBe(false);
  const made = await call(first, "POST", "/api/lists", { name: "Readers" });
  expect(made.status).toBe(201);
  expect(statSync(join(dataDir, "keys.json")).mode & 0o777).toBe(0o600);

  for (const [name, script] of Object.entries(parts)) {
    killHard(childrenOf(first.child).find(({ command }) => command.includes(script)));
    await until(() => first.output().includes(`${name} is back.`), first.output);
  }
  killHard(postgresOf(dataDir)[0]);
  await until(() => first.output().includes("Postgres is back."), first.output);
  await until(() => isReady(first), first.output);

  const children = childrenOf(first.child);
  expect(children.length).toBeGreaterThanOrEqual(5);
  await ended(first.child, "SIGKILL");
  const left = () => [...children.filter(({ pid }) => isAlive(pid)), ...postgresOf(dataDir)];
  await until(
    () => left().length === 0,
    () => `Still there: ${JSON.stringify(left())}`,
  );

  const second = await start(["--data-dir", dataDir, "--port", await freeBlock()]);
  expect(second.key).toBe(first.key);
  const lists = await call(second, "GET", "/api/lists");
  expect(lists.body["items"]).toMatchObject([{ id: made.body["id"], name: "Readers" }]);

  const key = await keyCommand("create", "--role", "admin", "--data-dir", dataDir);
  expect((await call({ ...second, key }, "GET", "/api/dead-letters")).status).toBe(200);
  expect(await keyCommand("revoke", key, "--data-dir", dataDir)).toBe("Revoked.");
  expect((await call({ ...second, key }, "GET", "/api/dead-letters")).status).toBe(401);

  const again = run(["--data-dir", dataDir]);
  expect(await ended(again.child)).toBe(1);
  expect(again.output()).toContain(`A stack already runs on the data in ${dataDir}.`);
  expect(again.output()).toContain("npm start -- --ephemeral");

  expect(await ended(second.child, "SIGINT")).toBe(0);
  expect(postgresOf(dataDir)).toEqual([]);
  expect(await keyCommand("create", "--owner", "web", "--data-dir", dataDir)).toMatch(
    /does not answer\. Start the stack \(npm start\)/,
  );
  expect(await keyCommand("create", "--owner", "web", "--data-dir", folder)).toMatch(
    /^There is no stack in .*\. Start the stack/,
  );
}, 600_000);

test("after a kill of the whole stack, a run in flight continues without a failed call", async () => {
  const port = Number(await freeBlock());
  const args = ["--data-dir", join(folder, "in-flight"), "--port", String(port)];
  const images = async (change: object) => {
    const body = JSON.stringify({ failureRate: 0, latencyMs: 0, ...change });
    const headers = { "content-type": "application/json" };
    await fetch(`http://127.0.0.1:${port + 3}/_control/images`, { method: "POST", headers, body });
  };
  const engine = async <T>(path: string) => {
    const response = await fetch(`http://127.0.0.1:${port + 2}${path}`);
    return ((await response.json()) as { data: T }).data;
  };
  // The new run waits until the lease of the killed one has ended: 5 s after this time limit.
  const environment = { IMAGES_TIMEOUT_MS: "10000" };
  const first = await start(args, environment);
  await images({ hold: true });
  const { body: task } = await call(first, "POST", "/api/tasks", { prompt: "a boat" });
  const statusIn = async (stack: Started) =>
    (await call(stack, "GET", `/api/tasks/${String(task["id"])}`)).body["status"];
  await until(async () => (await statusIn(first)) === "processing");
  const all = [...childrenOf(first.child), ...postgresOf(join(folder, "in-flight"))];
  killHard(all.find(({ command }) => command.includes(parts.engine)));
  first.child.kill("SIGKILL");
  for (const { pid } of all) if (isAlive(pid)) process.kill(pid, "SIGKILL");
  await ended(first.child);

  const second = await start(args, environment);
  await images({ hold: false });
  await until(async () => (await statusIn(second)) === "completed", second.output);
  const runs = await engine<{ run_id: string; function_slug: string }[]>("/local/runs");
  const drawn = runs.find((run) => run.function_slug.endsWith("-generate-image"));
  const { history } = await engine<{ history: { what: string }[] }>(`/local/runs/${drawn?.run_id}`);
  const calls = history.map(({ what }) => what).filter((what) => what.startsWith("call"));
  expect(calls.length).toBeGreaterThan(1);
  expect(calls).not.toContain("call-failed");
}, 240_000);

test("S1-20: npm start needs no key of any service; --ephemeral uses free ports and leaves no files; --time-scale speeds up every clock", async () => {
  const stack = await start(["--ephemeral", "--time-scale", "600"], {}, ["PATH", "HOME"]);
  const page = await fetch(stack.site);
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("Nightshift")]);
  const made = await call(stack, "POST", "/api/lists", { name: "Later" });
  expect(made).toMatchObject({ status: 201 });
  // The start alone takes more than half a second: 600 times that is over five minutes. (At a scale of 10,000 the
  // schedules of five minutes fire every 30 ms, and a busy machine has no time left to answer.)
  expect(new Date(String(made.body["createdAt"])).getTime() - Date.now()).toBeGreaterThan(300_000);

  const dataDir = /Data and logs\s+(\S+)/.exec(stack.output())?.[1] ?? "";
  expect(existsSync(dataDir)).toBe(true);
  expect(await ended(stack.child, "SIGINT")).toBe(0);
  expect(existsSync(dataDir)).toBe(false);
}, 240_000);

test("S4-63: the infrastructure of docs/rollout.md stands: engine, door, event and monitoring", async () => {
  // 1. The engine.
  const stack = await start(["--ephemeral"]);
  // 2. The door, whose functions the engine has.
  const env = { ...process.env, INNGEST_SIGNING_KEY: "signkey-test-00" };
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", "tsx", "scripts/sync.ts", stack.site],
    { cwd: projectDir, env },
  );
  expect(stdout).toContain("Successfully registered");
  // 3. The event, and its function.
  const { body: task } = await call(stack, "POST", "/api/tasks", { prompt: "a boat" });
  await until(
    async () => (await call(stack, "GET", `/api/tasks/${String(task["id"])}`)).body["status"] === "completed",
  );
  // 4. Monitoring.
  const pages = ["/api/jobs/stats", "/api/dead-letters", "/api/alerts", "/queue/stats"];
  const statuses = await Promise.all(pages.map(async (path) => (await call(stack, "GET", path)).status));
  expect(statuses).toEqual([200, 200, 200, 200]);
  expect((await call(stack, "GET", "/queue/stats")).body).toMatchObject({ pending: 0, failed: 0 });
}, 240_000);

const outside = join(folder, "outside");
test.each([
  {
    what: "an unwritable data folder",
    args: ["--data-dir", "/dev/null/nightshift"],
    says: /The data folder \/dev\/null\/nightshift cannot be written to\.\n.*--data-dir/,
  },
  {
    what: "a database that is not there",
    args: ["--data-dir", outside],
    environment: { DATABASE_URL: "postgres://nobody@127.0.0.1:9/none" },
    says: /The database at 127\.0\.0\.1:9 could not be brought up to date: .*ECONNREFUSED/,
  },
])(
  "$what is reported in a sentence with a remedy, without a stack trace",
  async ({ args, environment, says }) => {
    const { child, output } = run([...args, "--port", await freeBlock()], environment);
    expect(await ended(child)).toBe(1);
    expect(output()).toMatch(says);
    expect(output()).not.toMatch(/\n\s+at /);
  },
);

test("a start that fails starts no part afterwards", async () => {
  const dir = join(folder, "failed-start");
  const { child } = run(["--data-dir", dir, "--port", await freeBlock()], { DATABASE_URL: "not a URL" });
  expect(await ended(child)).toBe(1);
  // The site is compiled for half a second, and the start had failed before that.
  expect(existsSync(join(dir, "logs/providers.log"))).toBe(true);
  expect(existsSync(join(dir, "logs/site.log"))).toBe(false);
});

/** Another program on the port; by default it never answers. */
async function occupy(port: number, server: Server = createServer()): Promise<Server> {
  await new Promise<void>((done) => server.listen(port, "127.0.0.1", done));
  return server;
}

test("a port in use is reported with a free one before --reset deletes anything", async () => {
  const port = Number(await freeBlock());
  const taken = await occupy(port + 2);
  const kept = join(outside, "keys.json");
  mkdirSync(outside, { recursive: true });
  writeFileSync(kept, "{}");
  const { child, output } = run(["--data-dir", outside, "--reset", "--port", String(port)]);
  expect(await ended(child)).toBe(1);
  expect(output()).toContain(`Port ${port + 2}, where the engine would listen, is taken by another program.`);
  expect(output()).toContain(`npm start -- --port ${port + 10}`);
  expect(existsSync(kept)).toBe(true);
  taken.close();
});

test("another engine and Supabase on our ports are used when the environment names them; one that refuses the key is reported", async () => {
  const port = Number(await freeBlock());
  const engine = await occupy(port + 2);
  const supabase = await occupy(
    port + 1,
    createHttpServer((_, response) => response.writeHead(401).end("no such key")),
  );
  const url = `http://127.0.0.1:${port + 1}`;
  const { child, output } = run(["--data-dir", outside, "--port", String(port)], {
    SUPABASE_URL: url,
    SUPABASE_SECRET_KEY: "sb_secret_x",
    INNGEST_DEV: `http://127.0.0.1:${port + 2}`,
  });
  expect(await ended(child)).toBe(1);
  expect(output()).toMatch(/does not let us in: .+ answered 401: no such key/);
  expect(output()).toContain("Check SUPABASE_URL and SUPABASE_SECRET_KEY.");
  expect(output()).not.toMatch(/\n\s+at /);
  engine.close();
  supabase.close();
});

test("Ctrl-C during the start ends it and every process that it started", async () => {
  const port = Number(await freeBlock());
  const database = await occupy(port + 5);
  const isAsked = new Promise((resolve) => database.once("connection", resolve));
  const { child, output } = run(["--data-dir", outside, "--port", String(port)], {
    DATABASE_URL: `postgres://nobody@127.0.0.1:${port + 5}/never-answers`,
  });
  await isAsked;
  await until(() => childrenOf(child).length >= 2, output);
  const children = childrenOf(child);
  expect(await ended(child, "SIGINT")).toBe(0);
  expect(children.filter(({ pid }) => isAlive(pid))).toEqual([]);
  expect(output()).toBe("");
  database.close();
});
