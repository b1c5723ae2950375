/** Uploads whose requests end late, or whose files are stored while they are deleted. */
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { uploadFunctions } from "#uploads/functions.ts";
import { type Workshop, workshop } from "../../support/workshop.ts";

let shop: Workshop;
/** Called before each request to Storage that stores an original. */
let beforeOriginal: (() => Promise<unknown>) | undefined;
/** When set, it answers each request to Storage that stores a thumbnail. */
let storeThumbnail: ((request: Request) => Promise<Response>) | undefined;
beforeAll(async () => {
  shop = await workshop({
    functions: uploadFunctions,
    hosts: {
      "supabase.local": async (request) => {
        const stores = request.method === "POST" && request.url.endsWith("/original");
        if (stores) await beforeOriginal?.();
        if (request.method === "POST" && request.url.endsWith("/thumbnail") && storeThumbnail)
          return storeThumbnail(request);
        return shop.database.fetch(request);
      },
    },
  });
});
afterEach(() => {
  beforeOriginal = storeThumbnail = undefined;
});
afterAll(() => shop.close());

/** Holds the next request that stores an original, until it is released. */
function holdOriginal() {
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const held = new Promise<void>((resolve) => {
    beforeOriginal = () => {
      beforeOriginal = undefined;
      resolve();
      return released;
    };
  });
  return { held, release };
}

const withPlace = () =>
  sharp({ create: { width: 60, height: 40, channels: 3, background: "#3a6ea5" } })
    .withExif({ IFD0: { Make: "Camera" }, IFD3: { GPSLatitudeRef: "N", GPSLatitude: "51/1 30/1 32/1" } })
    .jpeg()
    .toBuffer();
const upload = (bytes: Uint8Array, key = "") =>
  shop.call("POST", "/api/upload", bytes, {
    "content-type": "image/jpeg",
    ...(key && { "idempotency-key": key }),
  });
const exifOf = async (id: string) => {
  const response = await shop.request("GET", `/api/uploads/${id}/image`);
  return (await sharp(await response.arrayBuffer()).metadata()).exif;
};
const filesOf = (id: string) =>
  shop.rows("select name from storage.objects where name like $1", [`uploads/${id}/%`]);
const jobOf = async (id: string) => (await shop.call("GET", `/api/jobs/${id}`)).body;

test("a request that stores its picture late does not put the metadata back", async () => {
  const bytes = await withPlace();
  const late = holdOriginal();
  const first = upload(bytes, "slow");
  await late.held;
  const { body } = await upload(bytes, "slow");
  await shop.engine.idle();
  expect((await jobOf(body.jobId)).status).toBe("completed");
  expect(await exifOf(body.jobId)).toBeUndefined();

  late.release();
  expect(await first).toMatchObject({ status: 202, body: { jobId: body.jobId } });
  await shop.engine.idle();
  expect(await exifOf(body.jobId)).toBeUndefined();
});

test("an upload that is deleted while its metadata is removed leaves no file", async () => {
  let stores = 0;
  beforeOriginal = async () => {
    if (++stores < 2) return;
    await shop.rows("delete from public.image_uploads");
    await shop.app.keepHouse();
  };
  const { body } = await upload(await withPlace());
  await shop.engine.idle();
  expect(stores).toBe(2);
  expect((await jobOf(body.jobId)).result).toMatchObject({ reason: "the upload was deleted" });
  expect(await filesOf(body.jobId)).toEqual([]);
});

test("an upload whose thumbnail was stored without an answer leaves no file when it is deleted", async () => {
  storeThumbnail = async (request) => {
    await shop.database.fetch(request);
    throw new TypeError("fetch failed");
  };
  const { body } = await upload(await withPlace());
  await shop.engine.idle();
  expect(await filesOf(body.jobId)).toHaveLength(2);
  expect((await shop.call("DELETE", body.uploadUrl)).status).toBe(204);
  await shop.app.keepHouse();
  expect(await filesOf(body.jobId)).toEqual([]);
});

test("a thumbnail that is stored without an answer after its upload was deleted is removed by the next try", async () => {
  storeThumbnail = async (request) => {
    await shop.rows("delete from public.image_uploads");
    await shop.app.keepHouse();
    await shop.database.fetch(request);
    throw new TypeError("fetch failed");
  };
  const { body } = await upload(await withPlace());
  await shop.engine.idle();
  expect(await filesOf(body.jobId)).toHaveLength(1);
  await shop.engine.advance("1h");
  expect((await jobOf(body.jobId)).result).toMatchObject({ reason: "the upload was deleted" });
  expect(await filesOf(body.jobId)).toEqual([]);
});

test("a picture that arrives after its upload was abandoned or deleted is removed", async () => {
  const late = holdOriginal();
  const first = upload(await withPlace());
  await late.held;
  const [{ id }] = await shop.rows("select id from public.image_uploads where stored_at is null");
  await shop.engine.advance("11m");
  expect(await shop.app.keepHouse()).toMatchObject({ "abandoned-uploads": { abandoned: 1 } });
  late.release();
  expect((await first).status).toBe(202);
  expect((await jobOf(id)).status).toBe("skipped");
  expect(await filesOf(id)).toEqual([]);
});

test("the job of an upload that is deleted before its picture arrives does not wait for it", async () => {
  beforeOriginal = async () => {
    throw new TypeError("fetch failed");
  };
  expect((await upload(await withPlace())).status).toBe(503);
  const [{ id }] = await shop.rows("select id from public.image_uploads where stored_at is null");
  expect((await shop.call("DELETE", `/api/uploads/${id}`)).status).toBe(204);
  await shop.app.keepHouse();
  await shop.engine.idle();
  expect((await jobOf(id)).status).toBe("skipped");
});

test("an upload whose picture could not be stored raises no alert, because nothing waits", async () => {
  beforeOriginal = async () => {
    throw new TypeError("fetch failed");
  };
  expect((await upload(await withPlace())).status).toBe(503);
  for (let minutes = 0; minutes < 20; minutes += 5) {
    await shop.engine.advance("5m");
    await shop.app.keepHouse();
  }
  expect((await shop.call("GET", "/api/alerts")).body.items).toEqual([]);
});
