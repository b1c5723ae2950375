import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { httpTransport } from "./transport.ts";

let close = () => {};
afterEach(() => close());

async function listening(server: Server): Promise<string> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}/`;
}

test("an idle connection is closed long before the app would close it, so that no call uses a closing one", async () => {
  const connections: { socket: Socket; endedByEngine: Promise<unknown> }[] = [];
  const server = createServer((_request, response) => response.end("{}"));
  server.keepAliveTimeout = 60_000;
  server.on("connection", (socket: Socket) =>
    connections.push({ socket, endedByEngine: once(socket, "end") }),
  );
  const url = await listening(server);
  const transport = httpTransport();
  close = () => {
    transport.close();
    server.close();
  };

  const call = () => transport({ method: "POST", url, headers: {}, body: "{}" });
  await call();
  await call();
  expect(connections).toHaveLength(1);
  await connections[0]?.endedByEngine;
  expect((await call()).status).toBe(200);
  expect(connections).toHaveLength(2);
});

test("a call may take longer than the idle time of a connection", async () => {
  const server = createServer((_request, response) => void setTimeout(() => response.end("late"), 2_500));
  const url = await listening(server);
  const transport = httpTransport();
  close = () => {
    transport.close();
    server.close();
  };
  expect((await transport({ method: "POST", url, headers: {}, body: "{}" })).body).toBe("late");
});
