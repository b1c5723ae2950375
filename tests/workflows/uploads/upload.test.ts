import { createHash } from "node:crypto";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { uploadFunctions } from "#uploads/functions.ts";
import { type Workshop, workshop } from "../../support/workshop.ts";

let shop: Workshop;
/** How often the resizing still fails. */
let failures = 0;
beforeAll(async () => {
  shop = await workshop({
    functions: (platform) =>
      uploadFunctions({
        ...platform,
        storage: {
          ...platform.storage,
          async get(...file) {
            if (failures-- > 0) throw new Error("the picture cannot be resized");
            return platform.storage.get(...file);
          },
        },
      }),
  });
});
afterEach(() => {
  failures = 0;
  Object.assign(shop.down, { storage: false, engine: false });
});
afterAll(() => shop.close());

const picture = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: "#3a6ea5" } })
    .jpeg()
    .toBuffer();
const upload = (bytes: Uint8Array, { query = "", key = "" } = {}) =>
  shop.call("POST", `/api/upload${query}`, bytes, {
    "content-type": "image/jpeg",
    ...(key && { "idempotency-key": key }),
  });
const bytesOf = async (path: string) => {
  const response = await shop.request("GET", path);
  return { type: response.headers.get("content-type"), bytes: Buffer.from(await response.arrayBuffer()) };
};
const filesOf = async (id: string) =>
  (
    await shop.rows("select name from storage.objects where name like $1 order by name", [`uploads/${id}/%`])
  ).map(({ name }) => name.split("/").at(-1));

test("S2-5, S2-3: 202: the answer comes at once; later the thumbnail fits in 800×800 and the owner is notified", async () => {
  const original = await picture(1600, 900);
  const accepted = await upload(original);
  expect(accepted).toMatchObject({
    status: 202,
    body: { status: "processing", job_id: accepted.body.jobId },
  });
  const { job_id: id, statusUrl, uploadUrl } = accepted.body;
  expect((await shop.call("GET", uploadUrl)).body).toMatchObject({ status: "processing", thumbnail: null });
  await shop.engine.idle();

  expect((await shop.call("GET", uploadUrl)).body).toMatchObject({
    id,
    status: "completed",
    contentType: "image/jpeg",
    bytes: original.byteLength,
    thumbnail: { width: 800, height: 450 },
  });
  const small = await bytesOf(`${uploadUrl}/thumbnail`);
  expect(await sharp(small.bytes).metadata()).toMatchObject({ format: "webp", width: 800, height: 450 });
  expect((await bytesOf(`${uploadUrl}/image`)).bytes.equals(original)).toBe(true);
  expect((await shop.call("GET", statusUrl)).body.status).toBe("completed");
  const told = await shop.rows(
    "select owner, type, data from public.notifications where data ->> 'uploadId' = $1",
    [id],
  );
  expect(told).toMatchObject([
    { owner: "operator", type: "IMAGE_READY", data: { url: uploadUrl, width: 800 } },
  ]);
});

test("S2-11: a picture that fails three times is a dead letter with task, data, error and time, for an operator to inspect", async () => {
  failures = 3;
  const { body } = await upload(await picture(64, 64));
  await shop.engine.waitFor(async () => (await shop.call("GET", body.statusUrl)).body.status === "failed");
  await shop.engine.idle();
  const failedAt = expect.toSatisfy((at) => Date.parse(at) === shop.engine.clock.now().getTime());
  const { items } = (await shop.call("GET", `/api/dead-letters?job=${body.jobId}`)).body;
  expect(items).toMatchObject([
    {
      function: "resize-image",
      event: { name: "image/resize", data: { uploadId: body.jobId } },
      attempts: 3,
      error: { message: "the picture cannot be resized" },
      failedAt,
    },
  ]);
});

test.each(["jpeg", "webp", "png"] as const)(
  "a %s with location data is not shown until that data is removed, also from the stored file",
  async (format) => {
    const plain = sharp({ create: { width: 60, height: 40, channels: 3, background: "#3a6ea5" } });
    const taken = await plain
      .withMetadata({ orientation: 6 })
      .withExifMerge({
        IFD0: { Make: "Camera" },
        IFD3: { GPSLatitudeRef: "N", GPSLatitude: "51/1 30/1 32/1" },
      })
      .toFormat(format)
      .toBuffer();
    expect((await sharp(taken).metadata()).exif?.length).toBeGreaterThan(50);

    const { body } = await upload(taken);
    const early = await shop.request("GET", `${body.uploadUrl}/image`);
    expect(early.status).toBe(404);
    await shop.engine.idle();

    const { body: view } = await shop.call("GET", body.uploadUrl);
    const { bytes } = await bytesOf(view.imageUrl);
    const facts = await sharp(bytes).metadata();
    expect(facts).toMatchObject({ format, width: 40, height: 60 });
    expect([facts.exif, facts.xmp, facts.iptc]).toEqual([undefined, undefined, undefined]);
    expect(view.bytes).toBe(bytes.byteLength);
    expect(await filesOf(body.jobId)).toEqual(["original", "thumbnail"]);
  },
);

test("S3-6: the job `resize` to 800×600 has the function's return value as its result", async () => {
  const { body } = await upload(await picture(2000, 2000), { query: "?width=800&height=600" });
  await shop.engine.idle();
  const small = await bytesOf(`${body.uploadUrl}/thumbnail`);
  expect((await shop.call("GET", body.statusUrl)).body).toMatchObject({
    kind: "resize",
    status: "completed",
    result: {
      uploadId: body.job_id,
      width: 600,
      height: 600,
      bytes: small.bytes.byteLength,
      contentType: "image/webp",
      thumbnailUrl: `${body.uploadUrl}/thumbnail`,
    },
  });
});

test("a picture that cannot be decoded fails without a retry, and its job has the reason", async () => {
  const whole = await picture(300, 300);
  const { body } = await upload(whole.subarray(0, 200));
  await shop.engine.idle();
  expect((await shop.call("GET", body.statusUrl)).body).toMatchObject({
    status: "failed",
    error: { code: "invalid_picture" },
  });
  expect((await shop.call("GET", body.uploadUrl)).body.status).toBe("failed");
});

test("the same idempotency key returns the same upload, and a different picture under it is refused", async () => {
  const [one, other] = [await picture(64, 64), await picture(65, 64)];
  const first = await upload(one, { key: "k1" });
  const again = await upload(one, { key: "k1" });
  expect(again).toMatchObject({ status: 202, body: { job_id: first.body.job_id } });
  expect(await upload(other, { key: "k1" })).toMatchObject({
    status: 409,
    body: { code: "idempotency_conflict" },
  });
  await shop.engine.idle();
  expect(await filesOf(first.body.job_id)).toEqual(["original", "thumbnail"]);
});

test("an upload whose bytes were not stored does not run; a repeated request continues it, and an abandoned one is deleted", async () => {
  const bytes = await picture(64, 64);
  const ids = async () =>
    (await shop.rows("select id from public.image_uploads where stored_at is null")).map(({ id }) => id);
  shop.down.storage = true;
  expect(await upload(bytes, { key: "k2" })).toMatchObject({
    status: 503,
    body: { code: "storage_unavailable" },
  });
  const [retried] = await ids();
  await shop.app.keepHouse();
  await shop.engine.idle();
  expect((await shop.call("GET", `/api/jobs/${retried}`)).body.status).toBe("queued");

  shop.down.storage = false;
  expect((await upload(bytes, { key: "k2" })).body.job_id).toBe(retried);
  await shop.engine.idle();
  expect((await shop.call("GET", `/api/jobs/${retried}`)).body.status).toBe("completed");

  shop.down.storage = true;
  await upload(bytes);
  const [lost] = await ids();
  shop.down.storage = false;
  await shop.engine.advance("9m");
  await shop.app.keepHouse();
  expect(await ids()).toEqual([lost]);
  await shop.engine.advance("2m");
  expect(await shop.app.keepHouse()).toMatchObject({
    "abandoned-uploads": { abandoned: 1 },
    "left-files": { removed: 2 },
  });
  expect(await ids()).toEqual([]);
  expect((await shop.call("GET", `/api/jobs/${lost}`)).body).toMatchObject({ status: "skipped" });
});

test("files of an upload that was never released are deleted", async () => {
  const { body } = await upload(await picture(64, 64));
  await shop.engine.idle();
  await shop.rows("update public.image_uploads set stored_at = null where id = $1", [body.job_id]);
  expect(await filesOf(body.job_id)).toEqual(["original", "thumbnail"]);
  await shop.engine.advance("11m");
  await shop.app.keepHouse();
  expect(await filesOf(body.job_id)).toEqual([]);
});

test("a deleted upload is gone at once, its files are deleted by the next housekeeping, and a repeated request stores none", async () => {
  const bytes = await picture(64, 64);
  const { body } = await upload(bytes, { key: "k3" });
  await shop.engine.idle();
  expect((await shop.call("DELETE", body.uploadUrl)).status).toBe(204);
  expect((await shop.call("GET", body.uploadUrl)).status).toBe(404);
  expect((await shop.call("DELETE", body.uploadUrl)).status).toBe(404);
  await shop.app.keepHouse();
  expect(await filesOf(body.job_id)).toEqual([]);
  // The first request once more, from a client that did not get its answer.
  await upload(bytes, { key: "k3" });
  expect(await filesOf(body.job_id)).toEqual([]);
  expect(await shop.rows("select * from private.left_files")).toEqual([]);
});

test("the job of an upload that was deleted before it began is skipped", async () => {
  shop.down.engine = true;
  const { body } = await upload(await picture(64, 64));
  await shop.call("DELETE", body.uploadUrl);
  shop.down.engine = false;
  await shop.engine.advance("1m");
  await shop.app.keepHouse();
  await shop.engine.idle();
  expect((await shop.call("GET", body.statusUrl)).body).toMatchObject({
    status: "skipped",
    result: { reason: "the upload was deleted" },
  });
  expect(await filesOf(body.job_id)).toEqual([]);
});

test("an upload that is deleted while its thumbnail is stored leaves no file", async () => {
  await shop.rows(`create function public.delete_upload() returns trigger language plpgsql security definer as $$
    begin delete from public.image_uploads where new.name = 'uploads/' || id || '/thumbnail'; return null; end $$`);
  await shop.rows(
    "create trigger deletes after insert on storage.objects for each row execute function public.delete_upload()",
  );
  const { body } = await upload(await picture(64, 64));
  await shop.engine.idle();
  await shop.rows("drop function public.delete_upload cascade");
  expect((await shop.call("GET", body.statusUrl)).body.status).toBe("skipped");
  await shop.app.keepHouse();
  expect(await filesOf(body.job_id)).toEqual([]);
});

test("a second run changes nothing and sends no second notification", async () => {
  const { body } = await upload(await picture(900, 900));
  await shop.engine.idle();
  const before = createHash("md5")
    .update((await bytesOf(`${body.uploadUrl}/thumbnail`)).bytes)
    .digest("hex");
  await shop.app.inngest.send({ name: "image/resize", data: { uploadId: body.job_id } });
  await shop.engine.idle();
  const after = createHash("md5")
    .update((await bytesOf(`${body.uploadUrl}/thumbnail`)).bytes)
    .digest("hex");
  expect(after).toBe(before);
  expect(
    await shop.rows("select 1 from public.notifications where data ->> 'uploadId' = $1", [body.job_id]),
  ).toHaveLength(1);
});

test("an upload shows when it expires, and is deleted with its files then", async () => {
  const { body } = await upload(await picture(64, 64));
  await shop.engine.idle();
  const { createdAt, expiresAt } = (await shop.call("GET", body.uploadUrl)).body;
  expect(Date.parse(expiresAt) - Date.parse(createdAt)).toBe(90 * 24 * 60 * 60_000);
  await shop.engine.advance("89d");
  await shop.app.keepHouse();
  expect((await shop.call("GET", body.uploadUrl)).status).toBe(200);
  await shop.engine.advance("25h");
  expect(await shop.app.keepHouse()).toMatchObject({ uploads: { expired: expect.any(Number) } });
  expect((await shop.call("GET", body.uploadUrl)).status).toBe(404);
  expect(await filesOf(body.jobId)).toEqual([]);
});

test("an upload whose job has not ended is kept, however old", async () => {
  shop.down.engine = true;
  const { body } = await upload(await picture(64, 64));
  shop.down.engine = false;
  await shop.rows("update public.image_uploads set created_at = '2020-01-01' where id = $1", [body.jobId]);
  await shop.app.keepHouse();
  expect((await shop.call("GET", body.uploadUrl)).status).toBe(200);
  await shop.engine.advance("1m");
  await shop.app.keepHouse();
  await shop.engine.idle();
  await shop.app.keepHouse();
  expect((await shop.call("GET", body.uploadUrl)).status).toBe(404);
});
