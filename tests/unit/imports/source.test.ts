/** Answers to a request for a range of a file, of Storage and of a host that a user named. */
import { expect, test } from "vitest";
import { type FileFacts, openSource } from "#imports/source.ts";
import { createStorage } from "#lib/database/storage.ts";
import type { SafeFetch } from "#lib/outside/safe-fetch.ts";

const FILE = "email\nada@example.com\n";
const AS_ASKED = `bytes 0-${FILE.length - 1}/${FILE.length}`;

type Answer = { status?: number; range?: string; etag?: string; body?: string | null };
const toResponse = ({ status = 206, range = AS_ASKED, etag = '"v1"', body = FILE }: Answer) => {
  const headers = new Headers({ "content-range": range, etag });
  if (etag === "") headers.delete("etag");
  if (range === "") headers.delete("content-range");
  const cut = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(Buffer.from("email"));
      controller.error(new TypeError("terminated"));
    },
  });
  return new Response(body ?? cut, { status, headers });
};

const ofStorage = (answer: Answer) => {
  const storage = createStorage(
    {
      storage: {
        from: () => ({ createSignedUrl: async () => ({ data: { signedUrl: "http://s/f" }, error: null }) }),
      } as never,
    },
    async () => toResponse(answer),
  );
  const safeFetch: SafeFetch = () => Promise.reject(new Error("not asked"));
  return openSource({ storage, safeFetch }, "storage://f", null);
};
const ofHost = (answer: Answer, known: FileFacts | null = null) => {
  const safeFetch: SafeFetch = async (url) => {
    const response = toResponse(answer);
    const body = (async function* () {
      yield Buffer.from(await response.arrayBuffer());
    })();
    return { status: response.status, headers: response.headers, url, body, discard: async () => {} };
  };
  return openSource(
    { storage: { open: () => Promise.reject(new Error("not asked")) }, safeFetch },
    "https://h/f",
    known,
  );
};

const LIES: [string, Answer][] = [
  ["begins elsewhere", { range: `bytes 100-${99 + FILE.length}/1000` }],
  ["has fewer bytes than its range", { range: "bytes 0-999/1000" }],
  ["has more bytes than its range", { range: "bytes 0-3/1000" }],
  ["ends behind the file", { range: `bytes 0-${FILE.length - 1}/3` }],
  ["does not name its range", { range: "" }],
  ["does not say the size", { range: `bytes 0-${FILE.length - 1}/*` }],
  ["names a size that no number holds", { range: `bytes 0-${FILE.length - 1}/99999999999999999999` }],
  ["is empty", { body: "", range: "bytes 0-0/1" }],
];

test.each(LIES)("an answer 206 that %s is not read", async (_, answer) => {
  await expect(ofStorage(answer)).rejects.toMatchObject({ code: "storage_unavailable" });
  await expect(ofHost(answer)).rejects.toMatchObject({ code: "provider_rejected" });
});

test.each<[string, Answer]>([
  ["a page of a proxy, which has no version", { status: 200, etag: "", range: "", body: "<h1>Sign in</h1>" }],
  ["another status", { status: 302 }],
  ["a body that breaks off", { body: null }],
])("Storage's answer of %s is an outage, and not a file", async (_, answer) => {
  await expect(ofStorage(answer)).rejects.toMatchObject({ code: "storage_unavailable" });
});

test.each([ofStorage, ofHost])("the range that was asked for is read", async (open) => {
  const source = await open({});
  expect(source.facts).toEqual({ version: '"v1"', size: FILE.length });
  const read = [];
  for await (const bytes of source.bytes(0)) read.push(Buffer.from(bytes).toString());
  expect(read.join("")).toBe(FILE);
});

test.each([ofStorage, ofHost])("an empty file, of which no range can be read, has no bytes", async (open) => {
  const source = await open({ status: 416, range: "bytes */0", body: "" });
  expect(source.facts).toEqual({ version: '"v1"', size: 0 });
});

test.each([
  ["version", { version: '"v0"', size: FILE.length }],
  ["size, where the host tells no version", { version: "", size: FILE.length + 1 }],
])("a file that has another %s than when it was first read is not read on", async (_, known) => {
  const source = await ofHost({ etag: known.version && '"v1"' }, known);
  await expect(source.bytes(0).next()).rejects.toMatchObject({ code: "file_changed" });
});

test("a host that answers with the whole file is asked once for all ranges", async () => {
  const whole = Buffer.alloc(2_500_000, "x");
  let calls = 0;
  const safeFetch: SafeFetch = async (url) => {
    calls += 1;
    const body = (async function* () {
      yield whole;
    })();
    return { status: 200, headers: new Headers(), url, body, discard: async () => {} };
  };
  const storage = { open: () => Promise.reject(new Error("not asked")) };
  const source = await openSource({ storage, safeFetch }, "https://h/f", null);
  let length = 0;
  for await (const bytes of source.bytes(0)) length += bytes.byteLength;
  expect([length, calls]).toEqual([whole.length, 1]);
});
