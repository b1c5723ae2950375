import { serve } from "@hono/node-server";
import { DroppedAnswer } from "#providers/mail/api.ts";
import { createMailProvider } from "#providers/mail/provider.ts";
import { childOfTheStack } from "#stack/child.ts";

/** The providers as a process of their own. Environment: PORT, DATA_DIR (optional). */
const port = Number(process.env["PORT"] ?? 54324);
const dir = process.env["DATA_DIR"];
const provider = createMailProvider(dir === undefined ? {} : { dir });

const server = serve(
  {
    port,
    hostname: "127.0.0.1",
    // Its own process, and no fetch in it: the server's light Request and Response may stand in for Node's.
    overrideGlobalObjects: true,
    async fetch(request, { outgoing }) {
      try {
        return await provider.fetch(request);
      } catch (error) {
        if (!(error instanceof DroppedAnswer)) throw error;
        outgoing.destroy();
        return new Response(null);
      }
    },
  },
  ({ port: actual }) => child.ready({ port: actual }),
);
const child = childOfTheStack({
  stop() {
    server.close();
    provider.close();
  },
});
