import { join, resolve } from "node:path";
import { type DataDir, takeDataDir } from "#stack/data-dir.ts";
import { openDatabase, verifySchema } from "#stack/database.ts";
import { callersEnvironment, type Environment, local, siteEnvironment } from "#stack/environment.ts";
import { ensureApiKeys, siteAnswers } from "#stack/first-requests.ts";
import { inngestDevServer } from "#stack/inngest-dev-server.ts";
import { unlessAborted } from "#stack/interruption.ts";
import { type MachineKeys, newKeys, readKeys, writeKeys } from "#stack/keys.ts";
import type { Options } from "#stack/options.ts";
import { builtPage } from "#stack/page.ts";
import { choosePorts, type Ports } from "#stack/ports.ts";
import { logFileOf, type ManagedProcess, runProcess, type Say } from "#stack/process.ts";
import { machineKeys } from "#supabase/keys.ts";

export type Stack = {
  ports: Ports;
  dataDir: string;
  /** What the site runs with. */
  environment: Environment;
  keys: MachineKeys & { admin: string; app: string };
  /** Undefined when Supabase is a hosted project and nobody said where its database is. */
  databaseUrl: string | undefined;
  /** True when Supabase is a hosted project. */
  isHosted: boolean;
  processes: readonly ManagedProcess[];
  stop(): Promise<void>;
};

const projectDir = resolve(import.meta.dirname, "../..");
const migrations = join(projectDir, "supabase/migrations");

/**
 * The order in which the parts end. The engine first: were the site gone before it, its calls would fail and cost
 * runs their attempts.
 */
const endingOrder = ["engine", "site", "supabase", "providers"];

type Wishes = {
  say: Say;
  environment?: Environment;
  /** Flags of local/engine/cli.ts: a test cannot wait for Inngest's own retries. */
  engineFlags?: readonly string[];
  /** Aborted before the stack is up, it ends what has been started; the start rejects with its reason. */
  signal?: AbortSignal;
};

/** Starts everything, side by side where nothing waits for anything, and answers when a first request would succeed. */
export async function startStack(
  options: Options,
  { say, environment = {}, engineFlags = [], signal = new AbortController().signal }: Wishes,
): Promise<Stack> {
  const dir = await takeDataDir(options);
  const processes: ManagedProcess[] = [];
  const endLast: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const name of endingOrder) await processes.find((one) => one.name === name)?.stop();
    for (const end of endLast) await end();
    dir.release();
  };
  try {
    const wishes = { say, more: environment, engineFlags, signal };
    return await unlessAborted(signal, start(options, { ...wishes, dir, processes, endLast, stop }));
  } catch (error) {
    await stop();
    throw error;
  }
}

type Start = {
  dir: DataDir;
  say: Say;
  more: Environment;
  engineFlags: readonly string[];
  signal: AbortSignal;
  processes: ManagedProcess[];
  /** Ends what is no process of ours, after all that are. */
  endLast: (() => Promise<unknown>)[];
  stop: () => Promise<void>;
};

async function start(
  options: Options,
  { dir, say, more, engineFlags, signal, processes, endLast, stop }: Start,
): Promise<Stack> {
  const dataDir = dir.path;
  const caller = { ...callersEnvironment(options), ...more };
  const isHosted = caller["SUPABASE_URL"] !== undefined;
  const isEngineElsewhere = caller["INNGEST_DEV"] !== undefined;
  const ports = await choosePorts(options, { supabase: isHosted, engine: isEngineElsewhere });
  const appUrl = `${local(ports.site)}/api/inngest`;
  const devServer = options.inngest ? inngestDevServer({ port: ports.engine, appUrl }) : undefined;
  signal.throwIfAborted();
  if (options.reset) dir.empty(); // not before all is here that a start needs
  const supabaseUrl = isHosted ? undefined : local(ports.supabase);
  const keys = { ...(readKeys(dataDir) ?? newKeys()), supabaseUrl };
  writeKeys(dataDir, keys);
  const supabase = isHosted ? undefined : await machineKeys(dataDir);
  const environment = { ...siteEnvironment(caller, { ports, keys, supabase }), ...clockOf(options) };

  const run = (name: string, script: string, args: string[], env: Environment) => {
    const imports = importsOf(name, options).flatMap((one) => ["--import", one]);
    return add(name, [process.execPath, ...imports, join("local", script), ...args], env);
  };
  const add = (name: string, command: readonly [string, ...string[]], env: Environment) => {
    signal.throwIfAborted();
    const running = runProcess({
      name,
      command,
      env,
      cwd: projectDir,
      logFile: logFileOf(dataDir, name),
      say,
    });
    processes.push(running);
    return running.ready;
  };

  // What needs no database comes up while it does. Without its page the stack still works.
  const page = builtPage(projectDir, signal).catch((error: unknown) => {
    if (!signal.aborted) say(String(error));
  });
  endLast.push(() => page);
  const site = run("site", "netlify/server.ts", [], {
    ...environment,
    PORT: String(ports.site),
    INBOX_URL: local(ports.mail),
    // Nothing in it grows with the work, but without a limit V8 collects so late that nobody could see that. With a small
    // one it looks at the whole heap so often that this takes a sixth of the CPU under load; from 2,048 MB on V8 lets the
    // heap grow to four times what lives in it.
    NODE_OPTIONS:
      `${environment["NODE_OPTIONS"] ?? ""} --max-old-space-size=2000 --max-semi-space-size=16`.trim(),
  });
  const mailDir = join(dataDir, "mail");
  const mail = run("providers", "providers/server.ts", [], {
    ...environment,
    PORT: String(ports.mail),
    DATA_DIR: mailDir,
  });
  const databaseUrl = await open();
  const database: Environment = databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl };
  const onDatabase = [startGateway(), startEngine()];
  await Promise.all([page, mail, site, ...onDatabase]);
  const [apiKeys] = await Promise.all([
    ensureApiKeys(dataDir, keys, environment),
    siteAnswers(ports.site, signal),
  ]);
  return {
    ports,
    dataDir,
    environment,
    keys: apiKeys,
    databaseUrl,
    isHosted,
    processes,
    stop,
  };

  function startGateway(): Promise<void> | undefined {
    if (isHosted) return undefined;
    const args = ["--port", String(ports.supabase), "--data-dir", dataDir];
    return run("supabase", "supabase/cli.ts", args, { ...environment, ...database });
  }

  async function open(): Promise<string | undefined> {
    if (isHosted && caller["DATABASE_URL"] === undefined) {
      await verifySchema(environment, migrations, say);
      return undefined;
    }
    const opening = openDatabase(caller, { dataDir, migrations, say });
    endLast.push(opening.stop);
    return opening.ready;
  }

  function startEngine(): Promise<void> | undefined {
    if (isEngineElsewhere) return undefined;
    if (devServer !== undefined) return add("engine", devServer, environment);
    return run("engine", "engine/cli.ts", ["--port", String(ports.engine), ...engineFlags], {
      ...environment,
      ...database,
      APP_URL: appUrl,
    });
  }
}

const clockOf = ({ timeScale }: Options): Environment =>
  timeScale === 1 ? {} : { TIME_SCALE: String(timeScale), TIME_BASE: String(Date.now()) };

/**
 * The large packages of each part, which Node reads quicker before tsx is there: tsx takes every file through a second
 * thread, and that was a third of what the site's start computed.
 */
const packages: Record<string, readonly string[]> = {
  site: ["inngest", "@supabase/supabase-js", "@babel/parser", "undici", "hono", "pino", "zod"],
  supabase: ["pg", "zod"],
  engine: ["hono", "pg", "zod"],
  providers: ["zod"],
};

/** The engine turns its own clock; everybody else's Date is turned for them, before any package sees it. */
function importsOf(part: string, { timeScale }: Options): readonly string[] {
  if (timeScale === 1) return [...(packages[part] ?? []), "tsx"];
  return part === "engine" ? ["tsx"] : ["tsx", join(projectDir, "local/clock-preload.ts")];
}
