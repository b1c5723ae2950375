import { createServer, request } from "node:http";
import { z } from "zod";

const address = z.object({ port: z.number() });

/** Gives each request to the next of several processes of the site, by their ports, and counts what each one answered. */
export async function startBalancer() {
  const answered = new Map<number, number>();
  let turn = 0;
  const server = createServer((incoming, outgoing) => {
    const ports = [...answered.keys()];
    const port = ports[turn++ % ports.length];
    // Without an answer the engine soon asks again for the functions.
    if (port === undefined) {
      incoming.destroy();
      return;
    }
    // The host stays the balancer's: the SDK registers the functions under it.
    const { method, url: path, headers } = incoming;
    const onwards = request({ host: "127.0.0.1", port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
      answer.on("end", () => answered.set(port, (answered.get(port) ?? 0) + 1));
    });
    onwards.on("error", () => outgoing.headersSent || outgoing.writeHead(502).end());
    incoming.pipe(onwards);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${address.parse(server.address()).port}`,
    answered,
    add: (port: number) => answered.set(port, 0),
    remove: (port: number) => answered.delete(port),
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
