import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { pollinations } from "#images/pollinations.ts";
import { systemClock } from "#lib/clock.ts";
import { fastFetch, fetchOfOurs } from "#lib/outside/fetch.ts";
import { resendMailer } from "#mail/resend-mailer.ts";

let server: Server;
let base: string;
/** How much the server has sent of its endless answers. */
let poured = 0;

beforeEach(() => {
  poured = 0;
});

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url?.startsWith("/endless")) pourInto(response);
    else if (request.url === "/redirect") response.writeHead(302, { location: "/secret" }).end();
    else if (request.url === "/empty") response.writeHead(204).end();
    else if (request.url === "/agent")
      response.writeHead(200, { "x-agent": request.headers["user-agent"] ?? "" }).end();
    else if (request.url !== "/never") void echo(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe.each([
  ["fastFetch", fastFetch],
  ["the global fetch", globalThis.fetch],
])("%s", (_, fetch) => {
  test("sends method, headers and body, and returns status, headers and body", async () => {
    const response = await fetch(base, {
      method: "POST",
      headers: { "content-type": "text/csv" },
      body: "a,b",
    });
    expect(response.status).toBe(418);
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(await response.json()).toEqual({ method: "POST", type: "text/csv", body: "a,b" });
  });

  test("accepts bytes, URL objects and Request objects", async () => {
    const bytes = await fetch(new URL(base), { method: "PUT", body: new TextEncoder().encode("é") });
    expect(await bytes.json()).toMatchObject({ method: "PUT", body: "é" });
    const request = await fetch(new Request(base, { method: "DELETE" }));
    expect(await request.json()).toMatchObject({ method: "DELETE" });
  });

  test.each<[string, (response: Response) => Promise<string>]>([
    ["text", (response) => response.text()],
    ["bytes", async (response) => new TextDecoder().decode(await response.arrayBuffer())],
    ["a blob", async (response) => (await response.blob()).text()],
    ["a stream", (response) => new Response(response.body).text()],
    ["a copy's text", (response) => response.clone().text()],
  ])("returns the body as %s", async (_form, read) => {
    expect(await read(await fetch(base, { method: "POST", body: "é" }))).toContain('"body":"é"');
  });

  test("returns an answer without a body", async () => {
    const response = await fetch(`${base}/empty`);
    expect([response.status, response.body, await response.text()]).toEqual([204, null, ""]);
  });

  test("sends a user agent, which Resend requires, unless one is given", async () => {
    const agentOf = async (headers: Record<string, string>) =>
      (await fetch(`${base}/agent`, { headers })).headers.get("x-agent");
    expect(await agentOf({})).toMatch(/./);
    expect(await agentOf({ "user-agent": "theirs" })).toBe("theirs");
  });

  test("rejects with a TypeError when the connection breaks", async () => {
    await expect(fetch("http://127.0.0.1:1/")).rejects.toThrow(TypeError);
  });

  test("rejects with the reason of an abort", async () => {
    await expect(fetch(`${base}/never`, { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({
      name: "TimeoutError",
    });
  });
});

test("fastFetch does not follow redirects", async () => {
  expect((await fastFetch(`${base}/redirect`)).status).toBe(302);
});

const MEGABYTE = 1024 * 1024;
/** The bytes in the buffers of both ends when the connection is cut. */
const ON_THE_WIRE = 16 * MEGABYTE;

describe("an answer that never ends is aborted while it is read", () => {
  const isTooLarge = { code: "provider_answer_too_large" };

  test("after 1 MB, or after the limit of the call", async () => {
    await expect(fastFetch(`${base}/endless`)).rejects.toMatchObject(isTooLarge);
    expect(poured).toBeLessThan(MEGABYTE + ON_THE_WIRE);
    await expect(fastFetch(`${base}/endless`, { maxAnswerBytes: 40 * MEGABYTE })).rejects.toMatchObject(
      isTooLarge,
    );
    expect(poured).toBeGreaterThan(40 * MEGABYTE);
  });

  test("as a stream too", async () => {
    const response = await fastFetch(new Request(`${base}/endless`));
    await expect(response.text()).rejects.toMatchObject(isTooLarge);
    expect(poured).toBeLessThan(MEGABYTE + ON_THE_WIRE);
  });

  test("from a mail provider, and the outcome is unknown", async () => {
    const settings = { RESEND_BASE_URL: `${base}/endless?`, RESEND_API_KEY: "key", MAIL_IDEMPOTENT: true };
    const mailer = resendMailer(settings, fastFetch, systemClock);
    const answer = await mailer.sendBatch(["{}"], "campaign:1");
    expect(answer).toMatchObject({ kind: "unknown", error: isTooLarge });
    expect(poured).toBeLessThan(MEGABYTE + ON_THE_WIRE);
  });

  test("from our own services after 64 MB", async () => {
    await expect(fetchOfOurs(fastFetch)(`${base}/endless`)).rejects.toMatchObject(isTooLarge);
    expect(poured).toBeGreaterThan(64 * MEGABYTE);
    expect(poured).toBeLessThan(64 * MEGABYTE + ON_THE_WIRE);
  });

  test("from an image provider after 20 MB", async () => {
    const env = { IMAGES_BASE_URL: `${base}/endless?`, IMAGES_API_KEY: undefined, IMAGES_TIMEOUT_MS: 45_000 };
    const drawn = pollinations({ env, fetch: fastFetch, clock: systemClock }).draw({
      taskId: "t1",
      prompt: "a cat",
      seed: 1,
      width: 512,
      height: 512,
    });
    await expect(drawn).rejects.toMatchObject(isTooLarge);
    expect(poured).toBeGreaterThan(20 * MEGABYTE);
    expect(poured).toBeLessThan(20 * MEGABYTE + ON_THE_WIRE);
  });
});

function pourInto(response: ServerResponse): void {
  const piece = Buffer.alloc(64 * 1024);
  const pour = () => {
    do poured += piece.length;
    while (response.write(piece));
  };
  response.on("drain", pour);
  response.on("close", () => response.off("drain", pour));
  pour();
}

async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, headers } = request;
  const body = await bodyOf(request);
  response.writeHead(418, { "content-type": "application/json", "set-cookie": ["a=1", "b=2"] });
  response.end(JSON.stringify({ method, type: headers["content-type"], body }));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
