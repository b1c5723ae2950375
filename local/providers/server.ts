import { join } from "node:path";
import { serve } from "@hono/node-server";
import { createImagesProvider } from "#providers/images/provider.ts";
import { DroppedAnswer } from "#providers/mail/api.ts";
import { createMailProvider } from "#providers/mail/provider.ts";
import { createStripeProvider } from "#providers/stripe/provider.ts";
import { childOfTheStack } from "#stack/child.ts";

/** The providers as one process. Environment: PORT, DATA_DIR (optional). */
const port = Number(process.env["PORT"] ?? 54324);
const dir = process.env["DATA_DIR"];
const mail = createMailProvider(dir === undefined ? {} : { dir });
/**
 * A picture takes 3 s: a person can watch the progress, and need not wait long. The page at /images changes this time,
 * for example to 30 s, which the source documents name.
 */
const images = createImagesProvider({
  settings: { latencyMs: 3000 },
  ...(dir === undefined ? {} : { dir: join(dir, "images") }),
});
const stripe = createStripeProvider(dir === undefined ? {} : { dir });
/**
 * Cloudflare, in front of Resend, refuses requests without a user agent. A test's own `Request` has no user agent, so
 * only this process checks the header.
 */
const namesNoClient = ({ headers }: Request) => !headers.has("user-agent");
const isForImages = ({ url }: Request) => /^\/(_control\/)?images(\/|$)/.test(new URL(url).pathname);
const isForStripe = ({ url }: Request) => /^\/(_control\/stripe|v1)\//.test(new URL(url).pathname);

const server = serve(
  {
    port,
    hostname: "127.0.0.1",
    // This process makes no fetch calls, so the lighter Request and Response of the server may replace Node's.
    overrideGlobalObjects: true,
    async fetch(request, { outgoing }) {
      if (namesNoClient(request)) return new Response("error code: 1010", { status: 403 });
      try {
        if (isForStripe(request)) return await stripe.fetch(request);
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
    stripe.close();
  },
});
