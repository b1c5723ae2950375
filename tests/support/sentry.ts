import { createServer } from "node:http";
import { z } from "zod";

const Port = z.object({ port: z.number() });

/** A server that accepts Sentry's envelopes, and keeps them. */
export async function sentryServer() {
  const envelopes: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      envelopes.push(body);
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    dsn: `http://key@127.0.0.1:${Port.parse(server.address()).port}/1`,
    /** One text per envelope, in order of arrival. */
    envelopes,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
