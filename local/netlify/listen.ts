import { type ServerType, serve } from "@hono/node-server";
import type { Site } from "#netlify/site.ts";

/** Serves a site on this machine alone. Port 0 takes a free one. */
export function listen(site: Site, port: number): Promise<{ port: number; server: ServerType }> {
  return new Promise((resolve, reject) => {
    const server = serve(
      {
        port,
        hostname: "127.0.0.1",
        // Node's own limit is ours: its bare 431 would come before our words.
        serverOptions: { maxHeaderSize: 64 * 1024 },
        overrideGlobalObjects: false,
        fetch: (request, { incoming }) =>
          site.fetch(request, { ip: incoming.socket.remoteAddress ?? "127.0.0.1" }),
      },
      (address) => resolve({ port: address.port, server }),
    );
    server.once("error", reject);
  });
}
