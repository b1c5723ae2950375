import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createSafeFetch } from "#lib/outside/safe-fetch.ts";
import { type ImportShop, importShop } from "../../support/import-shop.ts";

const tls = join(import.meta.dirname, "../../fixtures/tls");
const pem = (name: string) => readFileSync(join(tls, name), "utf8");

let host: Server;
let shop: ImportShop;
let url: (path: string) => string;
/** The host's answer, and the ranges that were requested. */
let answer: RequestListener = () => {};
const asked: string[] = [];
beforeAll(async () => {
  host = createServer({ cert: pem("cert.pem"), key: pem("key.pem") }, (request, response) => {
    asked.push(request.headers.range ?? "");
    answer(request, response);
  });
  await new Promise<void>((resolve) => host.listen(0, resolve));
  const { port } = host.address() as AddressInfo;
  url = (path) => `https://public.test:${port}/${path}`;
  const reach = { allowPrivateHosts: ["127.0.0.1/32"], ports: [port], ca: pem("cert.pem") };
  const resolve = async () => [{ address: "127.0.0.1", family: 4 }];
  shop = await importShop({}, createSafeFetch({ ...reach, resolve }));
});
afterAll(async () => {
  await shop.close();
  await new Promise((resolve) => host.close(resolve));
});
beforeEach(async () => {
  asked.length = 0;
  await shop.rows("delete from email_subscribers");
});

/** A host that knows ranges and ETags, or one that sends the whole file each time. */
const gives =
  (file: () => string, { knowsRanges = true, hasVersion = true } = {}): RequestListener =>
  (request, response) => {
    const bytes = Buffer.from(file());
    const etag = `"${createHash("md5").update(bytes).digest("hex")}"`;
    const [, from = "0", to = "0"] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "") ?? [];
    if (!knowsRanges) {
      response.writeHead(200).end(bytes);
      return;
    }
    const part = bytes.subarray(Number(from), Number(to) + 1);
    const range = `bytes ${from}-${Number(from) + part.length - 1}/${bytes.length}`;
    response.writeHead(206, { ...(hasVersion && { etag }), "content-range": range }).end(part);
  };
const people = (count: number) =>
  `email,name\n${Array.from({ length: count }, (_, n) => `p${n}@example.com,Person ${n}`).join("\n")}\n`;

test("a file at a URL is read in ranges of at most a megabyte", async () => {
  const file = people(60_000);
  answer = gives(() => file);
  const done = await shop.run({ url: url("people.csv") });
  expect(done).toMatchObject({ status: "completed", fileName: "people.csv", counts: { inserted: 60_000 } });
  expect(asked.length).toBeGreaterThan(2);
  for (const range of asked) {
    const [, from, to] = /bytes=(\d+)-(\d+)/.exec(range) ?? [];
    expect(Number(to) - Number(from)).toBeLessThan(1024 * 1024);
  }
});

test("a host without range requests serves the whole file, and the same rows are imported", async () => {
  answer = gives(() => people(6_000), { knowsRanges: false });
  expect(await shop.run({ url: url("whole.csv") })).toMatchObject({ counts: { inserted: 6_000 } });
});

test("a second import of a file with the same rows ends as already_imported, unless the request says again", async () => {
  answer = gives(() => people(10));
  const first = await shop.run({ url: url("same.csv") });
  const again = await shop.run({ url: url("same.csv?again") });
  expect(again).toMatchObject({
    status: "failed",
    error: { code: "already_imported", details: { importId: first.id } },
  });
  expect((await shop.run({ url: url("same.csv") }, { again: true })).counts).toMatchObject({ unchanged: 10 });
});

test("a file that changes while it is read ends the import as file_changed", async () => {
  let version = 0;
  answer = (request, response) => gives(() => people(11 + (version++ % 2)))(request, response);
  expect(await shop.run({ url: url("moving.csv") })).toMatchObject({
    status: "failed",
    error: { code: "file_changed" },
  });
});

test.each([
  [404, "provider_rejected"],
  [401, "provider_rejected"],
])("a host that answers %i ends the import as %s", async (status, code) => {
  answer = (_, response) => response.writeHead(status).end();
  expect(await shop.run({ url: url("none.csv") })).toMatchObject({ status: "failed", error: { code } });
});

test("a host that answers 503 is asked again later", async () => {
  let trouble = 3;
  answer = (request, response) => {
    trouble -= 1;
    if (trouble >= 0) response.writeHead(503).end();
    else gives(() => people(12))(request, response);
  };
  expect(await shop.run({ url: url("later.csv") })).toMatchObject({ counts: { inserted: 12 } });
});

test("a private network address is refused, and no request is sent to it", async () => {
  const done = await shop.run({ url: "https://169.254.169.254/latest/meta-data" });
  expect(done).toMatchObject({ status: "failed", error: { code: "address_refused" } });
});

test.each([
  ["fewer", "a@x.example,1\nb@x.example,2", "a@x.example,1-b@x.example-2"],
  ["more", "a@x.example,1b@x.example-2", "a@x.example,1\nb@x.exampl,2"],
])(
  "a file of the same size with %s rows than were counted is not imported, although its host tells no version",
  async (_, first, later) => {
    let reads = 0;
    answer = gives(() => `email,name\n${reads++ === 0 ? first : later}\n`, { hasVersion: false });
    const ended = await shop.run({ url: url("people.csv") });
    expect(ended).toMatchObject({ status: "failed", error: { code: "file_changed" } });
    expect(await shop.people()).toEqual([]);
  },
);
