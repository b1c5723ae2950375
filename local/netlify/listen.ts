import { setTimeout as delay } from "node:timers/promises";
import { type ServerType, serve } from "@hono/node-server";
import type { Site } from "#netlify/site.ts";

/** A process that hands over its port to a new process must release the port within this time. */
const handOverMs = 5_000;

export type Listening = {
  port: number;
  server: ServerType;
  /** Accepts no more requests, and resolves when all requests in progress are answered. */
  close(): Promise<void>;
};

/** Serves a site on this machine only. Port 0 chooses a free port. */
export async function listen(site: Site, port: number): Promise<Listening> {
  for (const deadline = performance.now() + handOverMs; ; ) {
    try {
      return await tryToListen(site, port);
    } catch (error) {
      const isTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
      if (!isTaken || performance.now() > deadline) throw error;
      await delay(1);
    }
  }
}

function tryToListen(site: Site, port: number): Promise<Listening> {
  return new Promise((resolve, reject) => {
    let isClosing = false;
    const closeIdle = () => {
      if ("closeIdleConnections" in server) server.closeIdleConnections();
    };
    const server = serve(
      {
        port,
        hostname: "127.0.0.1",
        // This limit is larger than the product's own limit, so that the product, and not Node, answers 431. Only the
        // product's answer says what to do.
        serverOptions: { maxHeaderSize: 64 * 1024 },
        overrideGlobalObjects: false,
        fetch: (request, { incoming, outgoing }) => {
          // A connection that is kept open would send the next request to the old process.
          outgoing.once("close", () => {
            if (isClosing) closeIdle();
          });
          return site.fetch(request, { ip: incoming.socket.remoteAddress ?? "127.0.0.1" });
        },
      },
      (address) =>
        resolve({
          port: address.port,
          server,
          close() {
            isClosing = true;
            return new Promise((closed) => {
              server.close(() => closed());
              closeIdle();
            });
          },
        }),
    );
    server.once("error", reject);
  });
}
