/**
 * The upper limit of acknowledged webhooks a second: an HTTP server that verifies the signature with the product's
 * code, and answers like the product. The server stores nothing. It runs in its own process, like the site.
 */

import { createServer } from "node:http";
import { systemClock } from "#lib/clock.ts";
import { refusalOf } from "#lib/outside/signature.ts";

const [secret = ""] = process.argv.slice(2);

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const headers = new Headers({ "stripe-signature": String(request.headers["stripe-signature"]) });
    const signed = { headers, body: Buffer.concat(chunks), secrets: [secret], now: systemClock.now() };
    const isRefused = refusalOf("stripe", signed) !== undefined;
    response.writeHead(isRefused ? 401 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify({ received: !isRefused }));
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  console.log(typeof address === "object" ? address?.port : "");
});
