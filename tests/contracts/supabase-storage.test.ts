/** Buckets and files through supabase-js. How to ask a hosted project the same: supabase-project.ts. */
import { randomBytes } from "node:crypto";
import type { SupabaseClient } from "@supabase/supabase-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isHosted, openProject, type Project } from "./supabase-project.ts";

let project: Project;
let server: SupabaseClient;
const bucket = `contract-${Date.now()}`;
const files = () => server.storage.from(bucket);
const textOf = async (path: string) => (await files().download(path)).data?.text();

beforeAll(async () => {
  project = await openProject();
  server = project.client("secret");
  await server.storage.createBucket(bucket, { public: false });
});
afterAll(async () => {
  await server.storage.emptyBucket(bucket);
  await server.storage.deleteBucket(bucket);
  await project.close();
});

describe("uploads", () => {
  const bytes = randomBytes(300_000);
  test.each<[string, () => Buffer | Blob | ReadableStream | FormData]>([
    ["bytes", () => bytes],
    ["a Blob, as multipart", () => new Blob([bytes], { type: "image/png" })],
    ["a File, as multipart", () => new File([bytes], "x.png", { type: "image/png" })],
    ["a stream", () => new Blob([bytes]).stream()],
  ])("%s come back byte for byte", async (kind, body) => {
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
    expect((await files().info(path)).data).toMatchObject({
      size: bytes.length,
      contentType: "image/png",
      cacheControl: "max-age=60",
    });
  });

  test("an existing name is refused unless upsert is asked", async () => {
    await files().upload("once.txt", "first", { contentType: "text/plain" });
    const again = await files().upload("once.txt", "second", { contentType: "text/plain" });
    expect(again.error).toMatchObject({ statusCode: "409", message: "The resource already exists" });
    expect(await textOf("once.txt")).toBe("first");
    expect(
      (await files().upload("once.txt", "third", { upsert: true, contentType: "text/plain" })).error,
    ).toBeNull();
    expect(await textOf("once.txt")).toBe("third");
    expect((await files().update("once.txt", "fourth", { contentType: "text/plain" })).error).toBeNull();
    expect(await textOf("once.txt")).toBe("fourth");
  });

  test("keeps metadata of the user", async () => {
    await files().upload("meta.txt", "x", { contentType: "text/plain", metadata: { rows: 3 } });
    await files().upload("meta-blob.txt", new Blob(["x"]), { metadata: { rows: 4 } });
    expect((await files().info("meta.txt")).data?.metadata).toEqual({ rows: 3 });
    expect((await files().info("meta-blob.txt")).data?.metadata).toEqual({ rows: 4 });
  });

  test("into a bucket that is not there: 404", async () => {
    const { error } = await server.storage.from("no-such-bucket").upload("x.txt", "x");
    expect(error).toMatchObject({ statusCode: "404", message: "Bucket not found" });
  });

  test("the bucket's limits on size and type hold", async () => {
    const strict = `${bucket}-strict`;
    await server.storage.createBucket(strict, {
      public: false,
      fileSizeLimit: "1KB",
      allowedMimeTypes: ["text/csv", "image/*"],
    });
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
    expect((await server.storage.deleteBucket(strict)).error?.message).toContain("not empty");
    await server.storage.emptyBucket(strict);
    expect((await server.storage.deleteBucket(strict)).error).toBeNull();
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
    return [answer.status, await answer.text(), answer.headers.get("content-range")];
  };

  test("ranges", async () => {
    expect(await get({ range: "bytes=2-4" })).toEqual([206, "234", "bytes 2-4/10"]);
    expect(await get({ range: "bytes=7-" })).toEqual([206, "789", "bytes 7-9/10"]);
    expect(await get({ range: "bytes=-3" })).toEqual([206, "789", "bytes 7-9/10"]);
    expect(await get({})).toEqual([200, "0123456789", null]);
    expect((await get({ range: "bytes=20-30" }))[0]).toBe(416);
  });

  test("exists() and a missing object", async () => {
    expect((await files().exists("range.txt")).data).toBe(true);
    expect((await files().exists("nothing.txt")).data).toBe(false);
    const { error } = await files().download("nothing.txt");
    expect(error).not.toBeNull();
  });

  test("a signed URL opens one object for a while, by itself", async () => {
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

  test("many signed URLs at once tell which are missing", async () => {
    const { data } = await files().createSignedUrls(["range.txt", "nothing.txt"], 60);
    expect(data).toMatchObject([
      { path: "range.txt", error: null, signedUrl: expect.stringContaining("token=") },
      { path: "nothing.txt", error: expect.stringContaining("does not exist"), signedUrl: null },
    ]);
    expect(await (await fetch(data?.[0]?.signedUrl ?? "")).text()).toBe("0123456789");
  });

  test("a signed upload URL takes one object from somebody without rights", async () => {
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

describe("keeping house", () => {
  test("lists folders and files of one level, sorted, searched and paged", async () => {
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

  test("moves, copies and removes", async () => {
    await files().upload("from.txt", "content");
    expect((await files().copy("from.txt", "dir/copied.txt")).data).toEqual({
      path: `${bucket}/dir/copied.txt`,
    });
    expect((await files().move("from.txt", "dir/moved.txt")).error).toBeNull();
    expect(await Promise.all(["dir/copied.txt", "dir/moved.txt"].map(textOf))).toEqual([
      "content",
      "content",
    ]);
    expect((await files().exists("from.txt")).data).toBe(false);
    expect((await files().copy("from.txt", "x.txt")).error).toMatchObject({ message: "Object not found" });
    expect((await files().copy("dir/moved.txt", "dir/copied.txt")).error).toMatchObject({
      statusCode: "409",
    });
    const removed = await files().remove(["dir/copied.txt", "dir/moved.txt", "nothing.txt"]);
    expect(removed.data?.map(({ name }) => name).toSorted()).toEqual(["dir/copied.txt", "dir/moved.txt"]);
    expect((await files().list("dir")).data).toEqual([]);
  });

  test("buckets: list, read, change, twice the same name", async () => {
    expect((await server.storage.listBuckets()).data?.map(({ id }) => id)).toContain(bucket);
    expect((await server.storage.getBucket(bucket)).data).toMatchObject({ id: bucket, public: false });
    expect((await server.storage.createBucket(bucket)).error).toMatchObject({ statusCode: "409" });
    expect((await server.storage.getBucket("no-such-bucket")).error).toMatchObject({
      message: "Bucket not found",
    });
  });

  test("a public bucket is readable by everybody, writable by none", async () => {
    const open = `${bucket}-open`;
    await server.storage.createBucket(open, { public: true });
    await server.storage.from(open).upload("hello.txt", "hello", { contentType: "text/plain" });
    const { data } = server.storage.from(open).getPublicUrl("hello.txt");
    expect(await (await fetch(data.publicUrl)).text()).toBe("hello");
    const guest = project.client("publishable").storage.from(open);
    expect((await guest.upload("x.txt", "x")).error).toMatchObject({ statusCode: "403" });
    await server.storage.emptyBucket(open);
    await server.storage.deleteBucket(open);
  });
});

describe("policies", () => {
  test("without one, the nameless see nothing and write nothing", async () => {
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
    expect((await project.client("publishable").storage.listBuckets()).data).toEqual([]);
  });

  test.skipIf(isHosted)("one on storage.objects opens what it says", async () => {
    await project.sql(
      `create policy "guests may add to the mailbox" on storage.objects for insert to anon
         with check (bucket_id = '${bucket}' and (storage.foldername(name))[1] = 'mailbox')`,
    );
    const guest = project.client("publishable").storage.from(bucket);
    expect((await guest.upload("mailbox/x.txt", "x")).error).toBeNull();
    expect((await guest.upload("elsewhere/x.txt", "x")).error).toMatchObject({ statusCode: "403" });
  });
});

test("names that walk out of the bucket are refused", async () => {
  for (const path of ["a%2f..%2fb", "..%2fx", "a%5cb"]) {
    const answer = await fetch(`${project.url}/storage/v1/object/${bucket}/${path}`, {
      method: "POST",
      body: "x",
      headers: { apikey: project.secretKey, authorization: `Bearer ${project.secretKey}` },
    });
    expect([path, answer.status]).toEqual([path, 400]);
  }
});

test.skipIf(isHosted)("image transformations are refused by name", async () => {
  const { error } = await files().createSignedUrl("range.txt", 60, { transform: { width: 10 } });
  expect(error?.message).toContain("does not model image transformations");
});
