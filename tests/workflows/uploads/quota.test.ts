import { randomBytes, randomUUID } from "node:crypto";
import sharp from "sharp";
import { afterEach, expect, test, vi } from "vitest";
import { uploadFunctions } from "#uploads/functions.ts";
import { wanted } from "../../support/jobs.ts";
import { type Workshop, workshop } from "../../support/workshop.ts";

let shop: Workshop;
afterEach(() => shop.close());
const open = async (env: Record<string, string>) => {
  shop = await workshop({ env, functions: uploadFunctions });
};
/** A picture of noise, so that its bytes are as many as its pixels. */
const picture = (width: number) =>
  sharp(randomBytes(width * width * 3), { raw: { width, height: width, channels: 3 } })
    .png({ compressionLevel: 0 })
    .toBuffer();
const upload = async (bytes: Uint8Array, key = "") => {
  const headers = { "content-type": "image/png", ...(key && { "idempotency-key": key }) };
  const response = await shop.request("POST", "/api/upload", bytes, headers);
  return { status: response.status, headers: response.headers, body: await response.json() };
};
const rows = async () => Number((await shop.rows("select count(*) as n from public.image_uploads"))[0].n);

test("429: the uploads of an owner are limited, even under simultaneous requests; a repeated request does not count, and a deletion allows another", async () => {
  await open({ UPLOAD_MAX_COUNT: "3" });
  const small = await picture(16);
  const first = await upload(small, "k");
  const others = await Promise.all(Array.from({ length: 5 }, () => upload(small)));
  expect(others.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 202, 429, 429, 429]);
  const refused = others.find(({ status }) => status === 429);
  expect(refused?.body).toMatchObject({
    code: "too_many_requests",
    detail: "You have 3 uploads, which is the limit",
    hint: expect.stringContaining("DELETE /api/uploads/"),
    details: { uploads: 3, maxUploads: 3 },
  });
  expect(refused?.headers.get("retry-after")).toBe("3600");
  expect(await upload(small, "k")).toMatchObject({ status: 202, body: { job_id: first.body.job_id } });

  await shop.call("DELETE", first.body.uploadUrl);
  expect((await upload(small)).status).toBe(202);
  expect(await rows()).toBe(3);
});

test("413: the bytes of an owner's originals are limited, and a refused upload leaves no row, job or file", async () => {
  await open({ UPLOAD_MAX_MEGABYTES: "5" });
  const large = await picture(900);
  expect(large.byteLength).toBeGreaterThan(2_400_000);
  expect((await upload(large)).status).toBe(202);
  expect((await upload(large)).status).toBe(202);
  expect(await upload(large)).toMatchObject({
    status: 413,
    body: {
      code: "payload_too_large",
      hint: expect.stringContaining("DELETE /api/uploads/"),
      details: { bytes: 2 * large.byteLength, maxBytes: 5_000_000 },
    },
  });
  expect((await upload(await picture(16))).status).toBe(202);
  expect(await rows()).toBe(3);
  expect(Number((await shop.rows("select count(*) as n from jobs"))[0].n)).toBe(3);
  const originals = "select count(*) as n from storage.objects where name like '%/original'";
  expect(Number((await shop.rows(originals))[0].n)).toBe(3);
});

test("simultaneous uploads by two keys of one owner are counted one after the other", async () => {
  await open({});
  const [one, other] = [await shop.database.sql.connect(), await shop.database.sql.connect()];
  const accept = (sql: typeof one, requester: string) => {
    const id = randomUUID();
    const file = { contentType: "image/png", byteCount: 9, width: 9, height: 9, path: id };
    const asked = { id, requester, functionId: "resize-image", event: "image/resize", held: true };
    const quota = { uploads: 1, bytes: 1e6 };
    return sql.query("select accept_image_upload($1, $2, $3, now())", [file, quota, wanted(asked)]);
  };
  await one.query("begin");
  await accept(one, "key:one");
  const second = accept(other, "key:other").catch((error: unknown) => error);
  const isWaiting = async () =>
    (await shop.rows("select from pg_locks where locktype = 'advisory' and not granted")).length > 0;
  await Promise.race([second, vi.waitUntil(isWaiting, { timeout: 20_000 })]);
  await one.query("commit");
  const answer = await second;
  one.release();
  other.release();
  expect(answer).toMatchObject({ code: "PT429" });
});
