import { join } from "node:path";
import { serve } from "@hono/node-server";
import { createImagesProvider } from "#providers/images/provider.ts";
import { DroppedAnswer } from "#providers/mail/api.ts";
import { createMailProvider } from "#providers/mail/provider.ts";
import { childOfTheStack } from "#stack/child.ts";

/** The providers as a process of their own. Environment: PORT, DATA_DIR (optional). */
const port = Number(process.env["PORT"] ?? 54324);
const dir = process.env["DATA_DIR"];
const mail = createMailProvider(dir === undefined ? {} : { dir });
/** Slow enough to watch, quick enough to wait for. The documents' 30 s are a setting away: see the page at /images. */
const images = createImagesProvider({
  settings: { latencyMs: 3000 },
  ...(dir === undefined ? {} : { dir: join(dir, "images") }),
});
/** As Cloudflare in front of Resend does. Only here: a `Request` that a test hands over has no such header. */
const namesNoClient = ({ headers }: Request) => !headers.has("user-agent");
const isForImages = ({ url }: Request) => /^\/(_control\/)?images(\/|$)/.test(new URL(url).pathname);

const server = serve(
  {
    port,
    hostname: "127.0.0.1",
    // Its own process, and no fetch in it: the server's light Request and Response may stand in for Node's.
    overrideGlobalObjects: true,
    async fetch(request, { outgoing }) {
      if (namesNoClient(request)) return new Response("error code: 1010", { status: 403 });
      try {
        return await (isForImages(request) ? images : mail).fetch(request);
      } catch (error) {
        if (!(error instanceof DroppedAnswer) && !request.signal.aborted) throw error;
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
    mail.close();
    images.close();
  },
});
