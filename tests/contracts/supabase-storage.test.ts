/** Files through supabase-js. supabase-project.ts explains how to run this against a hosted project. */
import { randomBytes } from "node:crypto";
import type { SupabaseClient } from "@supabase/supabase-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isHosted, openProject, type Project } from "./supabase-project.ts";

let project: Project;
let server: SupabaseClient;
const bucket = `contract-${Date.now()}`;
const files = () => server.storage.from(bucket);
const textOf = async (path: string) => (await files().download(path)).data?.text();

/** In the local stack only migrations create buckets. */
const makeBucket = (id: string, limitBytes: number | null = null, types: string[] | null = null) =>
  project.sql(
    "insert into storage.buckets (id, name, file_size_limit, allowed_mime_types) values ($1, $1, $2, $3)",
    [id, limitBytes, types],
  );
const dropBucket = async (id: string) => {
  if (!isHosted) return;
  await server.storage.emptyBucket(id);
  await server.storage.deleteBucket(id);
};

beforeAll(async () => {
  project = await openProject();
  server = project.client("secret");
  await makeBucket(bucket);
});
afterAll(async () => {
  await dropBucket(bucket);
  await project.close();
});

describe("uploads", () => {
  const bytes = randomBytes(300_000);
  test.each<[string, () => Buffer | Blob | ReadableStream | FormData]>([
    ["bytes", () => bytes],
    ["a Blob, as multipart", () => new Blob([bytes], { type: "image/png" })],
    ["a File, as multipart", () => new File([bytes], "x.png", { type: "image/png" })],
    ["a stream", () => new Blob([bytes]).stream()],
  ])("%s are returned unchanged", async (kind, body) => {
    const path = `up/${kind.replaceAll(/\W/g, "-")}.png`;
    const { data, error } = await files().upload(path, body(), {
      contentType: "image/png",
      cacheControl: "60",
    });
    expect(error).toBeNull();
    expect(data).toMatchObject({
      path,
      fullPath: `${bucket}/${path}`,
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    const { data: blob } = await files().download(path);
    expect(Buffer.from((await blob?.arrayBuffer()) ?? new ArrayBuffer(0)).equals(bytes)).toBe(true);
    expect(blob?.type).toBe("image/png");
  });

  test("an existing name is refused, unless the request says upsert", async () => {
    await files().upload("once.txt", "first", { contentType: "text/plain" });
    const again = await files().upload("once.txt", "second", { contentType: "text/plain" });
    expect(again.error).toMatchObject({ statusCode: "409", message: "The resource already exists" });
    expect(await textOf("once.txt")).toBe("first");
    expect(
      (await files().upload("once.txt", "third", { upsert: true, contentType: "text/plain" })).error,
    ).toBeNull();
    expect(await textOf("once.txt")).toBe("third");
  });

  test("a cacheControl that no header can hold makes the download fail", async () => {
    const blob = new Blob(["x"], { type: "text/plain" });
    expect((await files().upload("dash.txt", blob, { cacheControl: "3600 – public" })).error).toBeNull();
    expect((await files().download("dash.txt")).error).toMatchObject({ status: 400 });
  });

  test("an upload into an unknown bucket gets 404", async () => {
    const { error } = await server.storage.from("no-such-bucket").upload("x.txt", "x");
    expect(error).toMatchObject({ statusCode: "404", message: "Bucket not found" });
  });

  test("the bucket's limits on size and type are enforced", async () => {
    const strict = `${bucket}-strict`;
    await makeBucket(strict, 1024, ["text/csv", "image/*"]);
    const into = server.storage.from(strict);
    expect((await into.upload("a.csv", "x".repeat(1024), { contentType: "text/csv" })).error).toBeNull();
    expect((await into.upload("b.csv", "x".repeat(1025), { contentType: "text/csv" })).error).toMatchObject({
      statusCode: "413",
      message: "The object exceeded the maximum allowed size",
    });
    expect((await into.upload("c.png", "x", { contentType: "image/png" })).error).toBeNull();
    expect((await into.upload("d.pdf", "x", { contentType: "application/pdf" })).error).toMatchObject({
      statusCode: "415",
      message: "mime type application/pdf is not supported",
    });
    expect((await into.list()).data?.map(({ name }) => name)).toEqual(["a.csv", "c.png"]);
    await dropBucket(strict);
  });
});

describe("reading", () => {
  beforeAll(async () => {
    await files().upload("range.txt", "0123456789", { contentType: "text/plain" });
  });

  const get = async (headers: Record<string, string>) => {
    const answer = await fetch(`${project.url}/storage/v1/object/${bucket}/range.txt`, {
      headers: { apikey: project.secretKey, authorization: `Bearer ${project.secretKey}`, ...headers },
    });
    const text = await answer.text();
    return { status: answer.status, text, range: answer.headers.get("content-range"), answer };
  };

  test("ranges", async () => {
    const part = { status: 206 };
    expect(await get({ range: "bytes=2-4" })).toMatchObject({ ...part, text: "234", range: "bytes 2-4/10" });
    expect(await get({ range: "bytes=7-" })).toMatchObject({ ...part, text: "789", range: "bytes 7-9/10" });
    expect(await get({ range: "bytes=-3" })).toMatchObject({ ...part, text: "789", range: "bytes 7-9/10" });
    expect(await get({})).toMatchObject({ status: 200, text: "0123456789", range: null });
    expect((await get({ range: "bytes=20-30" })).status).toBe(416);
  });

  test("a range has the ETag of the whole, which changes with the content", async () => {
    const etagOf = async (headers: Record<string, string>) => (await get(headers)).answer.headers.get("etag");
    const first = await etagOf({});
    expect(first).toMatch(/^"[0-9a-f]{32}"$/);
    expect(await etagOf({ range: "bytes=2-4" })).toBe(first);
    expect((await get({ "if-none-match": first ?? "" })).status).toBe(304);
    await files().upload("range.txt", "9876543210", { contentType: "text/plain", upsert: true });
    expect(await etagOf({ range: "bytes=2-4" })).not.toBe(first);
    await files().upload("range.txt", "0123456789", { contentType: "text/plain", upsert: true });
  });

  test("exists() and a missing object", async () => {
    expect((await files().exists("range.txt")).data).toBe(true);
    expect((await files().exists("nothing.txt")).data).toBe(false);
    const { error } = await files().download("nothing.txt");
    expect(error).not.toBeNull();
  });

  test("a signed URL opens one object for a limited time, without a key", async () => {
    const { data } = await files().createSignedUrl("range.txt", 60, { download: "ten digits.txt" });
    const answer = await fetch(data?.signedUrl ?? "");
    expect([answer.status, await answer.text()]).toEqual([200, "0123456789"]);
    expect(answer.headers.get("content-disposition")).toContain("ten%20digits.txt");
    const elsewhere = (data?.signedUrl ?? "").replace("range.txt", "once.txt");
    expect((await fetch(elsewhere)).status).toBe(400);
    const { data: expired } = await files().createSignedUrl("range.txt", -10);
    expect((await fetch(expired?.signedUrl ?? project.url)).status).toBe(400);
    expect((await files().createSignedUrl("nothing.txt", 60)).error).toMatchObject({
      message: "Object not found",
    });
  });

  test("a signed upload URL accepts one object from a client without rights", async () => {
    const { data } = await files().createSignedUploadUrl("signed/é.txt".replace("é", "e"));
    const guest = project.client("publishable").storage.from(bucket);
    const { path = "", token = "" } = data ?? {};
    expect(
      (await guest.uploadToSignedUrl(path, token, new Blob(["by guest"]), { contentType: "text/plain" }))
        .error,
    ).toBeNull();
    expect(await textOf(path)).toBe("by guest");
    expect((await guest.uploadToSignedUrl("signed/other.txt", token, "x")).error).not.toBeNull();
  });
});

describe("lists and removal", () => {
  test("folders and files of one level are listed, sorted, searched and in pages", async () => {
    for (const path of ["list/b.txt", "list/a.txt", "list/deep/c.txt", "list/deep/d.txt", "list/z.csv"]) {
      await files().upload(path, path);
    }
    const entries = async (options = {}) =>
      (await files().list("list", options)).data?.map(({ name }) => name);
    expect(await entries()).toEqual(["a.txt", "b.txt", "deep", "z.csv"]);
    expect(await entries({ sortBy: { column: "name", order: "desc" } })).toEqual([
      "z.csv",
      "deep",
      "b.txt",
      "a.txt",
    ]);
    expect(await entries({ limit: 2, offset: 1 })).toEqual(["b.txt", "deep"]);
    expect(await entries({ search: "z" })).toEqual(["z.csv"]);
    const all = (await files().list("list")).data;
    expect(all?.find(({ name }) => name === "deep")).toMatchObject({ id: null, metadata: null });
    expect(all?.find(({ name }) => name === "a.txt")?.metadata).toMatchObject({ size: 10 });
  });

  test("removed files are listed in the response", async () => {
    for (const path of ["dir/a.txt", "dir/b.txt"]) await files().upload(path, path);
    const removed = await files().remove(["dir/a.txt", "dir/b.txt", "nothing.txt"]);
    expect(removed.data?.map(({ name }) => name).toSorted()).toEqual(["dir/a.txt", "dir/b.txt"]);
    expect((await files().list("dir")).data).toEqual([]);
  });
});

describe("policies", () => {
  test("without a policy an anonymous client sees and writes nothing", async () => {
    await files().upload("private.txt", "secret");
    const guest = project.client("publishable").storage.from(bucket);
    expect((await guest.download("private.txt")).error).not.toBeNull();
    expect((await guest.list()).data).toEqual([]);
    expect((await guest.upload("x.txt", "x")).error).toMatchObject({
      statusCode: "403",
      message: 'new row violates row-level security policy for table "objects"',
    });
    expect((await guest.createSignedUrl("private.txt", 60)).error).not.toBeNull();
    expect((await guest.createSignedUploadUrl("x.txt")).error).toMatchObject({ statusCode: "403" });
    expect((await guest.remove(["private.txt"])).data).toEqual([]);
    expect((await files().exists("private.txt")).data).toBe(true);
  });

  test.skipIf(isHosted)("a policy on storage.objects opens exactly the objects that it allows", async () => {
    await project.sql(
      `create policy "guests may add to the mailbox" on storage.objects for insert to anon
         with check (bucket_id = '${bucket}' and (storage.foldername(name))[1] = 'mailbox')`,
    );
    const guest = project.client("publishable").storage.from(bucket);
    expect((await guest.upload("mailbox/x.txt", "x")).error).toBeNull();
    expect((await guest.upload("elsewhere/x.txt", "x")).error).toMatchObject({ statusCode: "403" });
  });
});

test("names that lead out of the bucket are refused", async () => {
  for (const path of ["a%2f..%2fb", "..%2fx", "a%5cb"]) {
    const answer = await fetch(`${project.url}/storage/v1/object/${bucket}/${path}`, {
      method: "POST",
      body: "x",
      headers: { apikey: project.secretKey, authorization: `Bearer ${project.secretKey}` },
    });
    expect([path, answer.status]).toEqual([path, 400]);
  }
});

describe.skipIf(isHosted)("an unsupported request is refused with its reason", () => {
  const all = () => server.storage;
  test.each<[string, () => PromiseLike<{ error: { message: string } | null }>]>([
    ["POST /storage/v1/bucket", () => all().createBucket("another")],
    ["GET /storage/v1/bucket", () => all().listBuckets()],
    ["/empty", () => all().emptyBucket(bucket)],
    ["DELETE /storage/v1/bucket", () => all().deleteBucket(bucket)],
    ["POST /storage/v1/object/list-v2/", () => files().listV2()],
    ["POST /storage/v1/object/move", () => files().move("a", "b")],
    ["POST /storage/v1/object/copy", () => files().copy("a", "b")],
    ["GET /storage/v1/object/info", () => files().info("range.txt")],
    ["PUT /storage/v1/object/", () => files().update("range.txt", "x")],
    ["POST /storage/v1/object/sign/", () => files().createSignedUrls(["range.txt"], 60)],
    ["image transformations", () => files().createSignedUrl("range.txt", 60, { transform: { width: 10 } })],
    ["an object's own metadata", () => files().upload("m.txt", "x", { metadata: { rows: 3 } })],
    ["an object's own metadata", () => files().upload("m.txt", new Blob(["x"]), { metadata: { rows: 3 } })],
  ])("%s", async (words, ask) => {
    const { error } = await ask();
    expect(error).toMatchObject({ status: 422, statusCode: "not_modeled" });
    expect(error?.message).toContain("does not model");
    expect(error?.message).toContain(words);
  });

  test("a public bucket's address is refused with its reason", async () => {
    const { data } = files().getPublicUrl("range.txt");
    const answer = await fetch(data.publicUrl);
    expect([answer.status, await answer.text()]).toEqual([422, expect.stringContaining("object/public")]);
  });
});
