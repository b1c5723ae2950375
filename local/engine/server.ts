import { createServer, type Server } from "node:http";
import { getRequestListener } from "@hono/node-server";

/** Serves a handler on this machine only. */
export async function serve(
  handler: (request: Request) => Response | Promise<Response>,
  { host, port }: { host: string; port: number },
): Promise<{ port: number; close(): Promise<void> }> {
  const listener = getRequestListener(handler, { overrideGlobalObjects: false });
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing));
  // This time is longer than clients keep an idle connection. A request on a connection that the server has just closed
  // would be lost.
  server.keepAliveTimeout = 75_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(explained(error, port)));
    server.listen(port, host, resolve);
  });
  return { port: portOf(server), close: () => close(server) };
}

function explained(error: Error, port: number): Error {
  if (!("code" in error) || error.code !== "EADDRINUSE") return error;
  return new Error(`Port ${port} is taken. Stop what uses it, or choose another one with --port.`, {
    cause: error,
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
