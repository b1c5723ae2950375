/** Answers to a request for a range of a file, of Storage and of a host that a user named. */
import { expect, test } from "vitest";
import { openSource } from "#imports/source.ts";
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
const ofHost = (answer: Answer) => {
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
    null,
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
