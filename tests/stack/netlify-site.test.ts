import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listen } from "@nightshift/local/netlify/listen.ts";
import { withLocalStack } from "@nightshift/local/netlify/local-stack.ts";
import { readNetlifyToml } from "@nightshift/local/netlify/netlify-toml.ts";
import { createSite } from "@nightshift/local/netlify/site.ts";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { json, route } from "#lib/http/route.ts";
import { createRoutes } from "#lib/http/router.ts";
import { createLogger } from "#lib/logger.ts";

const functions: Record<string, string> = {
  echo: `export default async (request, context) => new Response(await request.arrayBuffer(), {
    headers: { "content-type": "application/octet-stream", "x-method": request.method, "x-host": request.headers.get("host") } });
  export const config = { path: "/echo" };`,
  params: `export default (request, { params, ip, requestId, deploy, json }) => json({ params, ip, hasId: requestId.length > 10, deploy: deploy.context });
  export const config = { path: ["/items/:id", "/files/*"], excludedPath: "/files/secret", method: "GET" };`,
  plain: `export default () => new Response("plain");`,
  stream: `export default (request) => new Response(new ReadableStream({
      start(controller) { controller.enqueue(new TextEncoder().encode("first\\n")); globalThis.finishStream = () => { controller.enqueue(new TextEncoder().encode("last\\n")); controller.close(); }; } }));
  export const config = { path: "/stream" };`,
  slow: `export default (request) => { globalThis.slowStarted(); return new Promise((resolve) => request.signal.addEventListener("abort", () => { globalThis.slowAborted(); resolve(new Response("late")); })); };
  export const config = { path: "/slow" };`,
  later: `export default (request, { waitUntil }) => { waitUntil(globalThis.backgroundWork()); return new Response("now"); };
  export const config = { path: "/later" };`,
  cookies: `export default (request, { cookies }) => { cookies.set("seen", cookies.get("name") ?? "nobody"); cookies.delete("old"); return new Response("ok"); };
  export const config = { path: "/cookies" };`,
  broken: `import "./nowhere.ts"; export default () => new Response("never"); export const config = { path: "/broken" };`,
  throwing: `export default () => { throw new Error("a bug <b>"); }; export const config = { path: "/throwing" };`,
  tick: `export default async (request) => { globalThis.ticked(await request.json()); }; export const config = { schedule: "@hourly" };`,
  both: `export default () => new Response("function"); export const config = { path: "/page" };`,
  polite: `export default () => new Response("function"); export const config = { path: ["/index.html", "/made"], preferStatic: true };`,
};

const folder = mkdtempSync(join(tmpdir(), "nightshift-site-"));
const publish = mkdtempSync(join(tmpdir(), "nightshift-publish-"));
const warn = vi.fn();
let site: ReturnType<typeof createSite>;
let served: Awaited<ReturnType<typeof listen>>;
let origin: string;
beforeAll(async () => {
  for (const [name, source] of Object.entries(functions)) writeFileSync(join(folder, `${name}.mjs`), source);
  writeFileSync(join(publish, "index.html"), "<h1>Home</h1>");
  writeFileSync(join(publish, "page.html"), "<h1>Page</h1>");
  writeFileSync(join(publish, ".secret"), "hidden");
  writeFileSync(
    join(publish, "netlify.toml"),
    `[build]
publish = "."
[[headers]]
for = "/*"
[headers.values]
X-Frame-Options = "DENY"
[[headers]]
for = "/assets/*"
[headers.values]
Cache-Control = "public, max-age=31536000"
`,
  );
  mkdirSync(join(publish, "assets"));
  writeFileSync(join(publish, "assets/a.js"), "1");
  site = createSite({ functionsDir: folder, ...readNetlifyToml(publish), warn });
  served = await listen(site, 0);
  origin = `http://127.0.0.1:${served.port}`;
});
afterAll(() => {
  served.server.close();
  rmSync(folder, { recursive: true });
  rmSync(publish, { recursive: true });
});

/** Promise.withResolvers, which Node 20 does not have. */
function deferred() {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

const get = (path: string, init?: RequestInit) => fetch(`${origin}${path}`, init);

test("headers over our own limit get our 431, because Node's limit is higher", async () => {
  const handle = createRoutes({
    routes: [
      route({
        method: "GET",
        path: "/api/lamp",
        policy: "public",
        summary: "A lamp",
        responses: { 200: z.unknown() },
        handler: async () => json(200, {}),
      }),
    ],
    logger: createLogger({ LOG_LEVEL: "silent" }),
    authenticate: async () => undefined,
  });
  const { server, port } = await listen({ ...site, fetch: (request) => handle(request) }, 0);
  const junk = (bytes: number) =>
    fetch(`http://127.0.0.1:${port}/api/lamp`, { headers: { "x-junk": "x".repeat(bytes) } });
  expect((await junk(10_000)).status).toBe(200);
  const refused = await junk(20_000);
  expect(refused.status).toBe(431);
  expect(refused.headers.get("content-type")).toBe("application/problem+json");
  expect(await refused.json()).toMatchObject({ code: "headers_too_large" });
  server.close();
});

test("a function gets its path parameters and Netlify's context", async () => {
  expect(await (await get("/items/a%20b")).json()).toEqual({
    params: { id: "a%20b" },
    ip: "127.0.0.1",
    hasId: true,
    deploy: "dev",
  });
  expect(await (await get("/files/x/y.txt")).json()).toMatchObject({ params: { 0: "x/y.txt" } });
});

test("an excluded path and a method that is not listed fall through to the static 404", async () => {
  expect((await get("/files/secret")).status).toBe(404);
  expect((await get("/items/1", { method: "POST" })).status).toBe(404);
});

test("a function without a path has its default address, and one with a path does not", async () => {
  expect(await (await get("/.netlify/functions/plain")).text()).toBe("plain");
  expect((await get("/.netlify/functions/echo")).status).toBe(404);
});

test("request and response bodies are passed on unchanged", async () => {
  const bytes = new Uint8Array(5 * 1024 * 1024).map((_, i) => (i * 31 + (i >> 8)) & 0xff);
  const response = await get("/echo", { method: "POST", body: bytes });
  expect(Buffer.from(await response.arrayBuffer()).equals(Buffer.from(bytes))).toBe(true);
  expect(response.headers.get("x-host")).toBe(`127.0.0.1:${served.port}`);
});

test.each([
  ["declared", (bytes: number) => new Uint8Array(bytes)],
  ["streamed", (bytes: number) => new Blob([new Uint8Array(bytes)]).stream()],
])("a %s body of 6 MB is accepted, and one byte more gets 413", async (_, body) => {
  const limit = 6 * 1024 * 1024;
  const post = (bytes: number) =>
    get("/echo", { method: "POST", body: body(bytes), duplex: "half" } as RequestInit);
  expect((await post(limit)).status).toBe(200);
  expect((await post(limit + 1)).status).toBe(413);
});

test("a streamed response arrives piece by piece", async () => {
  const reader = (await get("/stream")).body?.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader?.read())?.value).toBe("first\n");
  (globalThis as unknown as { finishStream(): void }).finishStream();
  expect((await reader?.read())?.value).toBe("last\n");
  expect((await reader?.read())?.done).toBe(true);
});

test("a client that disconnects aborts request.signal", async () => {
  const started = deferred();
  const aborted = deferred();
  Object.assign(globalThis, { slowStarted: started.resolve, slowAborted: aborted.resolve });
  const request = httpRequest(`${origin}/slow`).on("error", () => {});
  request.end();
  await started.promise;
  request.destroy();
  await aborted.promise;
});

test("waitUntil does not delay the response, and the site waits for its work", async () => {
  const work = deferred();
  const done = vi.fn();
  Object.assign(globalThis, { backgroundWork: () => work.promise.then(done) });
  expect(await (await get("/later")).text()).toBe("now");
  expect(done).not.toHaveBeenCalled();
  work.resolve();
  await site.idle();
  expect(done).toHaveBeenCalled();
});

test("cookies can be read and set", async () => {
  const response = await get("/cookies", { headers: { cookie: "name=J%C3%BCrgen; other=1" } });
  expect(response.headers.getSetCookie()).toEqual(["seen=J%C3%BCrgen; Path=/", "old=; Path=/; Max-Age=0"]);
});

test("a function that cannot be loaded is reported: as a page, as JSON, and at warm-up", async () => {
  const page = await get("/broken", { headers: { accept: "text/html" } });
  expect(page.status).toBe(500);
  expect(await page.text()).toMatch(/The function broken failed[\s\S]*nowhere\.ts/);
  expect(await (await get("/broken")).json()).toMatchObject({
    status: 500,
    title: "The function broken failed",
  });
  expect((await site.warmUp()).map(({ name }) => name)).toEqual(["broken"]);
});

test("a function that throws gets a 500 that shows the error, escaped", async () => {
  const page = await (await get("/throwing", { headers: { accept: "text/html" } })).text();
  expect(page).toContain("a bug &lt;b&gt;");
  expect(warn).toHaveBeenCalledWith(expect.stringContaining("throwing.mjs failed"));
});

test("a scheduled function gets the time of its next run, and has no URL", async () => {
  const ticked = vi.fn();
  Object.assign(globalThis, { ticked });
  const scheduled = site.functions.find(({ name }) => name === "tick");
  expect(scheduled?.config.schedule).toBe("@hourly");
  if (scheduled) await site.fire(scheduled, new Date("2026-03-01T13:00:00Z"));
  expect(ticked).toHaveBeenCalledWith({ next_run: "2026-03-01T13:00:00.000Z" });
  expect((await get("/.netlify/functions/tick", { method: "POST" })).status).toBe(404);
  expect((await get("/tick", { method: "POST" })).status).toBe(404);
});

test("netlify.toml's headers are set on matching static files, and not on functions", async () => {
  const headersOf = async (path: string) => {
    const { headers } = await get(path);
    return [headers.get("x-frame-options"), headers.get("cache-control")];
  };
  expect(await headersOf("/")).toEqual(["DENY", "no-cache"]);
  expect(await headersOf("/nothing")).toEqual(["DENY", null]);
  expect(await headersOf("/assets/a.js")).toEqual(["DENY", "public, max-age=31536000"]);
  expect(await headersOf("/page")).toEqual([null, null]);
});

test("static files: index pages are found, functions come first unless they prefer static, hidden files are not served", async () => {
  expect(await (await get("/")).text()).toBe("<h1>Home</h1>");
  expect(await (await get("/page")).text()).toBe("function");
  expect(await (await get("/index.html")).text()).toBe("<h1>Home</h1>");
  expect(await (await get("/made")).text()).toBe("function");
  for (const path of ["/.secret", "/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd", "/%", "/nothing"]) {
    expect({ path, status: (await get(path)).status }).toEqual({ path, status: 404 });
  }
});

test("sample work is offered and loaded only by a stack whose parts all run on this machine", async () => {
  const ask = async (isWhole: boolean) => {
    const local = withLocalStack(site, { inboxUrl: "http://127.0.0.1:1", isWhole });
    const said = await (await local.fetch(new Request("http://site/local-stack.json"))).json();
    const asked = new Request("http://site/local-stack/sample-work", { method: "POST" });
    return { said, status: (await local.fetch(asked)).status };
  };
  const refusal = await site.fetch(new Request("http://site/api/lists", { method: "POST" }));
  expect(await ask(false)).toEqual({ said: { inboxUrl: "http://127.0.0.1:1" }, status: 404 });
  expect(await ask(true)).toEqual({
    said: { inboxUrl: "http://127.0.0.1:1", sampleWorkUrl: "/local-stack/sample-work" },
    status: refusal.status,
  });
});

test("only a local stack tells the page the address of the inbox", async () => {
  const ask = async (inboxUrl?: string) =>
    withLocalStack(site, { inboxUrl, isWhole: false }).fetch(new Request("http://site/local-stack.json"));
  expect(await (await ask("http://127.0.0.1:1")).json()).toEqual({ inboxUrl: "http://127.0.0.1:1" });
  expect((await ask()).status).toBe(404);
});
