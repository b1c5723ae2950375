import { parseArgs } from "node:util";
import { childOfTheStack } from "#stack/child.ts";
import { createApi } from "./api.ts";
import { realClock } from "./clock.ts";
import { Engine } from "./engine.ts";
import { help } from "./help.ts";
import { findMovedApps, keepInStep } from "./poll.ts";
import { serve } from "./server.ts";
import { memoryStore } from "./store-memory.ts";
import { postgresStore } from "./store-postgres.ts";
import { httpTransport } from "./transport.ts";

/** `npm run engine`: the engine as a process. `--help` explains its use, what it models and what it refuses. */

type Settings = ReturnType<typeof readSettings>;

function readSettings() {
  const { values } = parseArgs({
    options: {
      help: { type: "boolean", short: "h" },
      port: { type: "string", default: process.env["PORT"] ?? "8288" },
      host: { type: "string", default: "127.0.0.1" },
      app: { type: "string", multiple: true, default: [process.env["APP_URL"] ?? []].flat() },
      "database-url": { type: "string", default: process.env["DATABASE_URL"] ?? "" },
      "signing-key": { type: "string" },
      "event-key": { type: "string", multiple: true },
      "retry-interval": { type: "string" },
      checkpointing: { type: "boolean", default: true },
    },
    allowNegative: true,
  });
  return values;
}

async function start(settings: Settings): Promise<void> {
  const log = (message: string) => console.error(`engine: ${message}`);
  const databaseUrl = settings["database-url"];
  const stopped = (error: Error) => {
    log(error.message);
    process.exit(1);
  };
  const store = databaseUrl === "" ? memoryStore() : await postgresStore(databaseUrl, { log, lost: stopped });
  const transport = httpTransport();
  const retryInterval = settings["retry-interval"];
  const clock = realClock({
    scale: Number(process.env["TIME_SCALE"] ?? 1),
    origin: Number(process.env["TIME_BASE"] ?? Date.now()),
  });
  const signingKey = settings["signing-key"];
  const engine = new Engine({
    clock,
    store,
    transport,
    log,
    checkpointing: settings.checkpointing,
    ...(signingKey === undefined ? {} : { signingKey }),
    ...(retryInterval === undefined ? {} : { retryIntervalMs: Number(retryInterval) * 1_000 }),
  });
  await engine.restore(() => findMovedApps({ engine, urls: settings.app }));

  const api = createApi(engine, { signingKey, eventKeys: settings["event-key"] });
  const server = await serve(api.fetch, { host: settings.host, port: Number(settings.port) });
  const inStep = keepInStep({ engine, urls: settings.app, log });
  console.log(
    `Engine at http://${settings.host}:${server.port} (${databaseUrl === "" ? "state in memory" : "state in Postgres"})`,
  );

  childOfTheStack({
    stop: async () => {
      inStep.stop();
      await server.close();
      clock.stop();
      await engine.stop();
      transport.close();
    },
  }).ready({ port: server.port });
}

try {
  const settings = readSettings();
  if (settings.help) console.log(help);
  else await start(settings);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
