import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { resolve } from "node:path";

const TLS = resolve(import.meta.dirname, "../../fixtures/tls");
/** What the product's safe fetch accepts besides 443. */
const PORT = 8443;

export type Receiver = Awaited<ReturnType<typeof startReceiver>>;

/** The endpoint of a customer: it records each message that it answered, by its id. */
export async function startReceiver() {
  const messages = new Map<string, { data: Record<string, unknown>; times: number }>();
  const server = createServer(
    { key: readFileSync(resolve(TLS, "key.pem")), cert: readFileSync(resolve(TLS, "cert.pem")) },
    (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const id = String(request.headers["webhook-id"]);
        const { data } = JSON.parse(Buffer.concat(chunks).toString()) as { data: Record<string, unknown> };
        messages.set(id, { data, times: (messages.get(id)?.times ?? 0) + 1 });
        response.end("ok");
      });
    },
  );
  await new Promise<void>((ready, failed) => {
    server.once("error", failed);
    server.listen(PORT, "127.0.0.1", ready);
  });
  return {
    url: `https://127.0.0.1:${PORT}/hook`,
    /** The environment with which the product may call it. */
    environment: { ALLOW_PRIVATE_HOSTS: "127.0.0.0/8", NODE_EXTRA_CA_CERTS: resolve(TLS, "cert.pem") },
    messages,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
