import { createServer } from "node:net";
import { StackError } from "#stack/errors.ts";
import type { Options } from "#stack/options.ts";

export type Ports = { site: number; supabase: number; engine: number; mail: number };

const wellKnown: Ports = { site: 8888, supabase: 54321, engine: 8288, mail: 54324 };
const names: Record<keyof Ports, string> = {
  site: "the site",
  supabase: "Supabase",
  engine: "the engine",
  mail: "the inbox",
};

export async function choosePorts({ port, ephemeral }: Options): Promise<Ports> {
  if (ephemeral && port === undefined) return freePorts();
  const ports: Ports =
    port === undefined ? wellKnown : { site: port, supabase: port + 1, engine: port + 2, mail: port + 3 };
  for (const part of ["site", "supabase", "engine", "mail"] as const) {
    if (await isFree(ports[part])) continue;
    const other = port === undefined ? 9000 : port + 10;
    throw new StackError(
      `Port ${ports[part]}, where ${names[part]} would listen, is taken by another program.`,
      `Stop that program, or choose other ports: npm start -- --port ${other}`,
    );
  }
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** Four free ports, held together until all are known, so that they differ. */
async function freePorts(): Promise<Ports> {
  const servers = await Promise.all([listenAnywhere(), listenAnywhere(), listenAnywhere(), listenAnywhere()]);
  const [site, supabase, engine, mail] = servers;
  await Promise.all(servers.map((server) => server.close()));
  return { site: site.port, supabase: supabase.port, engine: engine.port, mail: mail.port };
}

function listenAnywhere(): Promise<{ port: number; close(): Promise<void> }> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      resolve({ port, close: () => new Promise((done) => server.close(() => done())) });
    });
  });
}
