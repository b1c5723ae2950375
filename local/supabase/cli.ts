import path from "node:path";
import { parseArgs } from "node:util";
import { childOfTheStack } from "#stack/child.ts";
import { createGateway } from "./gateway.ts";
import { machineKeys } from "./keys.ts";
import { serve } from "./server.ts";

const help = `The local Supabase: answers supabase-js as a hosted project does, over the Postgres of DATABASE_URL.

  DATABASE_URL=postgres://… tsx local/supabase/cli.ts [--port 54321] [--data-dir .nightshift]

SUPABASE_SECRET_KEY and SUPABASE_PUBLISHABLE_KEY replace the keys kept in the data folder.`;

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "54321" },
    "data-dir": { type: "string", default: ".nightshift" },
    help: { type: "boolean", default: false },
  },
});

const fail = (message: string): never => {
  console.error(message);
  process.exit(1);
};

const start = async (databaseUrl: string) => {
  const port = Number(values.port);
  const dataDir = path.resolve(values["data-dir"]);
  const keys = await machineKeys(dataDir);
  const gateway = await createGateway({
    databaseUrl,
    keys: {
      ...keys,
      secret: process.env["SUPABASE_SECRET_KEY"] ?? keys.secret,
      publishable: process.env["SUPABASE_PUBLISHABLE_KEY"] ?? keys.publishable,
    },
    storageDir: path.join(dataDir, "storage"),
    publicUrl: `http://127.0.0.1:${port}`,
  });
  const server = await serve(gateway.handle, port);
  const child = childOfTheStack({
    stop: async () => {
      await server.close();
      await gateway.close();
    },
  });
  console.log(`Supabase ${server.url}`);
  child.ready({ port: server.port });
};

if (values.help) console.log(help);
else {
  const url =
    process.env["DATABASE_URL"] ?? fail("DATABASE_URL is not set: the gateway needs a Postgres to stand on.");
  start(url).catch((error: unknown) => fail(describe(error)));
}

const describe = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if ("code" in error && error.code === "EADDRINUSE")
    return `Port ${values.port} is taken. Choose another one with --port.`;
  return error.message;
};
