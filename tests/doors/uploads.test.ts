import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestApp, testApp } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let app: TestApp;
let png: Buffer;
beforeAll(async () => {
  database = await freshDatabase();
  // The engine is down: accepted jobs wait in the outbox, and uploads are answered as usual.
  app = await testApp(database);
  png = await sharp({ create: { width: 32, height: 32, channels: 3, background: "red" } })
    .png()
    .toBuffer();
});
afterAll(() => database.close());

const upload = (body: unknown, type = "image/png", { as = "ann" as const, query = "", headers = {} } = {}) =>
  app.call("POST", `/api/upload${query}`, { as, body, headers: { "content-type": type, ...headers } });

test("S2-3, S2-5: 202: the answer has {status: processing, job_id} before any work is done", async () => {
  const { status, body } = await upload(png);
  expect(status).toBe(202);
  expect(body).toEqual({
    message: "Picture accepted",
    status: "processing",
    job_id: body.jobId,
    jobId: body.jobId,
    statusUrl: `/api/jobs/${body.jobId}`,
    uploadUrl: `/api/uploads/${body.jobId}`,
  });
  expect((await app.call("GET", body.uploadUrl, { as: "ann" })).body).toMatchObject({
    status: "processing",
    bytes: png.byteLength,
    thumbnail: null,
  });
});

test("400: an invalid width or an unknown query parameter is refused", async () => {
  expect((await upload(png, "image/png", { query: "?width=0" })).body).toMatchObject({
    status: 400,
    code: "invalid_request",
  });
  expect((await upload(png, "image/png", { query: "?breadth=9" })).status).toBe(400);
});

test("401: an upload without a key", async () => {
  const anonymous = await app.call("POST", "/api/upload", {
    body: png,
    headers: { "content-type": "image/png" },
  });
  expect(anonymous.status).toBe(401);
});

test("404: an upload of another owner is not found; 200: an administrator sees it", async () => {
  const { uploadUrl } = (await upload(png)).body;
  for (const path of [uploadUrl, `${uploadUrl}/image`, `${uploadUrl}/thumbnail`]) {
    expect((await app.call("GET", path, { as: "bob" })).status).toBe(404);
  }
  expect((await app.call("DELETE", uploadUrl, { as: "bob" })).status).toBe(404);
  expect((await app.call("GET", uploadUrl, { as: "admin" })).status).toBe(200);
});

test("413: a body that is larger than the limit is refused", async () => {
  const large = Buffer.concat([png, Buffer.alloc(5 * 1024 * 1024)]);
  expect((await upload(large)).body).toMatchObject({ status: 413, code: "payload_too_large" });
});

test("415: a file that is no picture is refused whatever its type says, and nothing is stored", async () => {
  const count = async () =>
    (
      await database.sql.query(
        "select (select count(*) from public.jobs) + (select count(*) from storage.objects) as n",
      )
    ).rows[0].n;
  const before = await count();
  expect((await upload(Buffer.from("<svg/>"))).body).toMatchObject({ code: "unsupported_media_type" });
  expect((await upload({ picture: "x" }, "application/json")).status).toBe(415);
  expect((await upload(Buffer.alloc(0))).status).toBe(415);
  expect(await count()).toBe(before);
});

test("415: the answer names exactly the types that are accepted", async () => {
  const { body } = await upload(Buffer.from("GIF89a"), "image/gif");
  expect(body).toMatchObject({ status: 415, detail: "Send image/png or image/jpeg or image/webp" });
  for (const type of body.detail.match(/image\/\w+/g)) expect((await upload(png, type)).status).toBe(202);
});

test("202: a picture with the wrong content type is stored with its true type", async () => {
  const { uploadUrl } = (await upload(png, "image/jpeg")).body;
  expect((await app.call("GET", uploadUrl, { as: "ann" })).body.contentType).toBe("image/png");
});
