import { randomInt } from "node:crypto";
import { createServer, type Server } from "node:net";
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

/**
 * The port of a service that runs elsewhere is not checked, because the program that uses the port may be that service.
 */
export async function choosePorts(
  { port, ephemeral }: Pick<Options, "port" | "ephemeral">,
  isElsewhere: Partial<Record<keyof Ports, boolean>> = {},
): Promise<Ports> {
  if (ephemeral && port === undefined) return freePorts();
  const ports: Ports =
    port === undefined ? wellKnown : { site: port, supabase: port + 1, engine: port + 2, mail: port + 3 };
  for (const part of ["site", "supabase", "engine", "mail"] as const) {
    if (isElsewhere[part] === true || (await isFree(ports[part]))) continue;
    const other = port === undefined ? 9000 : port + 10;
    throw new StackError(
      `Port ${ports[part]}, where ${names[part]} would listen, is taken by another program.`,
      `Stop that program, or choose other ports: npm start -- --port ${other}`,
    );
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = await listen(port);
  if (server !== undefined) await closed(server);
  return server !== undefined;
}

/** Four free ports. Each port is held until all four are known, so that the ports differ. */
async function freePorts(): Promise<Ports> {
  const held: { port: number; server: Server }[] = [];
  while (held.length < 4) {
    // These numbers are below the ports of outgoing connections, because such a connection could take the port while a
    // process restarts.
    const port = randomInt(15_000, 32_000);
    const server = await listen(port);
    if (server !== undefined) held.push({ port, server });
  }
  await Promise.all(held.map(({ server }) => closed(server)));
  const [site = 0, supabase = 0, engine = 0, mail = 0] = held.map(({ port }) => port);
  return { site, supabase, engine, mail };
}

/** Undefined when the port is taken. */
function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
  });
