import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase } from "#lib/database/client.ts";
import { createStorage, type Storage } from "#lib/database/storage.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let storage: Storage;
beforeAll(async () => {
  database = await freshDatabase();
  storage = createStorage(createDatabase(database.env, database.fetch));
});
afterAll(() => database.close());

const png = { bytes: new Uint8Array([1, 2, 3]), contentType: "image/png" };

test("a stored file is returned with its type, and storing it again replaces it", async () => {
  await storage.put("images", "a/b.png", png);
  expect(await storage.get("images", "a/b.png")).toEqual(png);
  await storage.put("images", "a/b.png", { ...png, bytes: new Uint8Array([9]) });
  expect((await storage.get("images", "a/b.png"))?.bytes).toEqual(new Uint8Array([9]));
});

test("a new file that already exists is kept, and causes no error", async () => {
  await storage.putNew("images", "a/new.png", png);
  await storage.putNew("images", "a/new.png", { ...png, bytes: new Uint8Array([9]) });
  expect(await storage.get("images", "a/new.png")).toEqual(png);
});

test.each([
  [400, { statusCode: "409", error: "Duplicate" }],
  [409, { statusCode: "400", error: "Duplicate" }],
  [409, { code: "ResourceAlreadyExists" }],
])("the answer %i %o says that a file exists, and no other error does", async (status, body) => {
  const answering = (answer: number, content: unknown) =>
    createStorage(
      createDatabase(database.env, async () => new Response(JSON.stringify(content), { status: answer })),
    );
  await answering(status, body).putNew("images", "g.png", png);
  const other = answering(400, { statusCode: "403", error: "Unauthorized" });
  await expect(other.putNew("images", "g.png", png)).rejects.toMatchObject({ code: "internal" });
});

test("a missing file is undefined, and removing it causes no error", async () => {
  await storage.put("images", "c.png", png);
  await storage.remove("images", ["c.png", "never.png"]);
  await storage.remove("images", ["c.png"]);
  await storage.remove("images", []);
  expect(await storage.get("images", "c.png")).toBeUndefined();
});

test("a signed address opens the file without a key, and an unsigned one does not", async () => {
  await storage.put("images", "d.png", png);
  const open = await database.fetch(await storage.signedUrl("images", "d.png", 60));
  expect([open.status, [...new Uint8Array(await open.arrayBuffer())]]).toEqual([200, [1, 2, 3]]);
  const stranger = {
    authorization: `Bearer ${database.keys.publishable}`,
    apikey: database.keys.publishable,
  };
  const url = `${database.env.SUPABASE_URL}/storage/v1/object/images/d.png`;
  expect((await database.fetch(url, { headers: stranger })).status).toBe(400);
});

test("a file of another type, and a missing bucket, are configuration errors", async () => {
  const page = { ...png, contentType: "text/html" };
  await expect(storage.put("images", "e.html", page)).rejects.toMatchObject({ code: "internal" });
  await expect(storage.put("nowhere", "e.png", png)).rejects.toMatchObject({ code: "internal" });
});

test("a storage that does not answer causes a transient error", async () => {
  const down = createStorage(
    createDatabase(database.env, () => Promise.reject(new TypeError("fetch failed"))),
  );
  const ill = createStorage(createDatabase(database.env, async () => new Response("oh", { status: 502 })));
  for (const broken of [down, ill]) {
    const trouble = { code: "storage_unavailable" };
    await expect(broken.put("images", "f.png", png)).rejects.toMatchObject(trouble);
    await expect(broken.get("images", "f.png")).rejects.toMatchObject(trouble);
    await expect(broken.remove("images", ["f.png"])).rejects.toMatchObject(trouble);
  }
});

test("an upload with an invalid key is refused before its bytes are read", async () => {
  const { SUPABASE_URL: url, SUPABASE_SECRET_KEY: key } = database.env;
  const endless = new ReadableStream();
  const headers = { apikey: key, authorization: `Bearer ${key}`, "content-type": "image/png" };
  const upload = { method: "POST", headers, body: endless, duplex: "half" } as const;
  const response = await database.fetch(`${url}/storage/v1/object/images/a%23b.png`, upload);
  expect([response.status, await response.json()]).toMatchObject([400, { error: "InvalidKey" }]);
});
