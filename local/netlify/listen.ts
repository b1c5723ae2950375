import { setTimeout as delay } from "node:timers/promises";
import { type ServerType, serve } from "@hono/node-server";
import type { Site } from "#netlify/site.ts";

/** How long a port may still be held by the process that hands it over. */
const handOverMs = 5_000;

export type Listening = {
  port: number;
  server: ServerType;
  /** Takes no more requests; resolves when those that are under way have their answers. */
  close(): Promise<void>;
};

/** Serves a site on this machine alone. Port 0 takes a free one. */
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
        // Node's own limit is ours: its bare 431 would come before our words.
        serverOptions: { maxHeaderSize: 64 * 1024 },
        overrideGlobalObjects: false,
        fetch: (request, { incoming, outgoing }) => {
          // A connection that is kept for the next request would keep the old process.
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
