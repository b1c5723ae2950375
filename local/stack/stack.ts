import { join, resolve } from "node:path";
import { type DataDir, takeDataDir } from "#stack/data-dir.ts";
import { openDatabase, verifySchema } from "#stack/database.ts";
import { callersEnvironment, type Environment, local, siteEnvironment } from "#stack/environment.ts";
import { ensureApiKeys, siteAnswers } from "#stack/first-requests.ts";
import { inngestDevServer } from "#stack/inngest-dev-server.ts";
import { unlessAborted } from "#stack/interruption.ts";
import { newKeys, readKeys, writeKeys } from "#stack/keys.ts";
import { logFileOf, type Say } from "#stack/log.ts";
import { clockOf, importsOf } from "#stack/node.ts";
import type { Options } from "#stack/options.ts";
import { builtPage } from "#stack/page.ts";
import { choosePorts } from "#stack/ports.ts";
import { type ManagedProcess, runProcess } from "#stack/process.ts";
import { reloadOnEdit } from "#stack/reload.ts";
import { startSite } from "#stack/site.ts";
import type { Stack, StartSettings } from "#stack/stack-types.ts";
import { machineKeys } from "#supabase/keys.ts";

const projectDir = resolve(import.meta.dirname, "../..");
const migrations = join(projectDir, "supabase/migrations");

/**
 * The order in which the parts end. The engine ends first, because without the site the engine's calls would fail and
 * use up the attempts of runs.
 */
const endingOrder = ["engine", "site", "supabase", "providers"];

/** When one of these variables is set, a service of the stack runs elsewhere. */
const externalServiceVariables = ["SUPABASE_URL", "INNGEST_DEV", "RESEND_BASE_URL", "SLACK_WEBHOOK_URL"];

/**
 * Starts all parts, in parallel where they do not depend on each other. Resolves when a first request would succeed.
 */
export async function startStack(
  options: Options,
  { say, environment = {}, engineFlags = [], signal = new AbortController().signal }: StartSettings,
): Promise<Stack> {
  const dir = await takeDataDir(options);
  const processes: ManagedProcess[] = [];
  const endFirst: (() => void)[] = [];
  const endLast: (() => Promise<unknown>)[] = [];
  const ended = new AbortController();
  const stop = async () => {
    ended.abort(); // Parts that are still being prepared are not started any more
    for (const end of endFirst) end();
    for (const name of endingOrder) await processes.find((one) => one.name === name)?.stop();
    for (const end of endLast) await end();
    dir.release();
  };
  try {
    const settings = {
      say,
      more: environment,
      engineFlags,
      signal: AbortSignal.any([signal, ended.signal]),
    };
    return await unlessAborted(
      signal,
      start(options, { ...settings, dir, processes, endFirst, endLast, stop }),
    );
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
  /**
   * These functions are called before the processes are ended. The functions stop everything that could start a
   * process.
   */
  endFirst: (() => void)[];
  /** These functions are called after all processes have ended. */
  endLast: (() => Promise<unknown>)[];
  stop: () => Promise<void>;
};

async function start(
  options: Options,
  { dir, say, more, engineFlags, signal, processes, endFirst, endLast, stop }: Start,
): Promise<Stack> {
  const dataDir = dir.path;
  const caller = { ...callersEnvironment(options), ...more };
  const isHosted = caller["SUPABASE_URL"] !== undefined;
  const isEngineElsewhere = caller["INNGEST_DEV"] !== undefined;
  const isAllHere = !externalServiceVariables.some((name) => name in caller);
  const ports = await choosePorts(options, { supabase: isHosted, engine: isEngineElsewhere });
  const appUrl = `${local(ports.site)}/api/inngest`;
  const devServer = options.inngest ? inngestDevServer({ port: ports.engine, appUrl }) : undefined;
  signal.throwIfAborted();
  if (options.reset) dir.empty(); // Only after everything that a start needs was found
  const supabaseUrl = isHosted ? undefined : local(ports.supabase);
  const keys = { ...(readKeys(dataDir) ?? newKeys()), supabaseUrl };
  writeKeys(dataDir, keys);
  const supabase = isHosted ? undefined : await machineKeys(dataDir);
  const environment = { ...siteEnvironment(caller, { ports, keys, supabase }), ...clockOf(options) };

  const run = (name: string, script: string, args: string[], env: Environment) => {
    const imports = importsOf(name, options, projectDir).flatMap((one) => ["--import", one]);
    return add(name, [process.execPath, ...imports, join("local", script), ...args], env).ready;
  };
  const add = (name: string, command: readonly [string, ...string[]], env: Environment) => {
    signal.throwIfAborted();
    const part = { name, command, env, cwd: projectDir, logFile: logFileOf(dataDir, name), say };
    const running = runProcess(part);
    processes.push(running);
    return running;
  };

  // Parts that need no database start while the database starts. The stack also works without its page.
  const page = builtPage(projectDir, signal).catch((error: unknown) => {
    if (!signal.aborted) say(String(error));
  });
  endLast.push(() => page);
  const siteVariables = {
    ...environment,
    PORT: String(ports.site),
    INBOX_URL: local(ports.mail),
    STACK_IS_WHOLE: String(isAllHere),
  };
  const site = startSite({ projectDir, options, run: (command) => add("site", command, siteVariables) });
  endLast.push(() => site.remove());
  const mail = run("providers", "providers/server.ts", [], {
    ...environment,
    PORT: String(ports.mail),
    DATA_DIR: join(dataDir, "mail"),
  });
  const databaseUrl = await open();
  const database: Environment = databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl };
  await Promise.all([mail, site.ready, startGateway()]);
  // The engine continues unfinished runs at once. Without the other parts its calls would fail and use up attempts.
  await Promise.all([page, startEngine()]);
  const isWhole = databaseUrl !== undefined && !options.inngest && isAllHere;
  const lastStart = isWhole ? { ports, databaseUrl } : undefined;
  const [apiKeys] = await Promise.all([
    ensureApiKeys(dataDir, { ...keys, lastStart }, environment),
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
    reloadOnEdit() {
      const stopWatching = reloadOnEdit(
        projectDir,
        { site: (file) => site.replace(file), page: () => builtPage(projectDir, signal) },
        say,
      );
      endFirst.push(stopWatching);
    },
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
    if (devServer !== undefined) return add("engine", devServer, environment).ready;
    return run("engine", "engine/cli.ts", ["--port", String(ports.engine), ...engineFlags], {
      ...environment,
      ...database,
      APP_URL: appUrl,
    });
  }
}
