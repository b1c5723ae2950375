import { createApiKey } from "@nightshift/local/api-key.ts";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type ImportShop, importShop } from "../../support/import-shop.ts";

let shop: ImportShop;
let bob: Record<string, string>;
beforeAll(async () => {
  shop = await importShop({ PLAN: "free" });
  bob = {
    authorization: `Bearer ${await createApiKey(shop.database.project, { name: "bob", role: "app", owner: "bob" })}`,
  };
});
afterAll(() => shop.close());
afterEach(() => open());

let open: () => void;
let gate: Promise<void>;
beforeEach(async () => {
  // A requester may ask for 100 things in a second.
  await shop.engine.advance("2s");
  gate = new Promise((resolve) => (open = resolve));
});

const ask = async (content: string, headers = {}) => {
  const body = { source: { content, fileName: content }, target: "contacts", again: true };
  const asked = await shop.call("POST", "/api/imports", body, headers);
  expect(asked.status).toBe(202);
  return String(asked.body.importId);
};
const statusOf = async (id: string) =>
  (await shop.rows("select status from imports where id = $1", [id]))[0]?.status;
const pathsOf = async (owner: string) =>
  (await shop.rows("select path from import_files where owner = $1", [owner])).map(({ path }) =>
    String(path),
  );
const unfinished = async () =>
  (await shop.rows("select count(*)::int from imports where owner = 'operator' and ended_at is null"))[0]
    .count;

test("an owner with 100 waiting imports does not delay another owner's import", async () => {
  const stuck = new Set<string>();
  shop.hooks.beforeOpen = async (path) => {
    if ((await pathsOf("bob")).includes(path)) return;
    stuck.add(path);
    await gate;
  };
  for (let n = 0; n < 100; n++) await ask(`email\na${n}@example.com\n`);
  const before = shop.engine.clock.now().getTime();
  const single = await ask("email\nbob@example.com\n", bob);
  await expect.poll(() => statusOf(single), { timeout: 20_000 }).toBe("completed");
  expect(shop.engine.clock.now().getTime()).toBe(before);
  expect(await unfinished()).toBe(100);
  expect(stuck.size).toBe(1);
  open();
  await shop.engine.waitFor(async () => (await unfinished()) === 0);
});

test("the parts of one owner leave concurrency for the parts of another", async () => {
  const opened = new Set<string>();
  const stuck = new Set<string>();
  shop.hooks.beforeOpen = async (path) => {
    if ((await pathsOf("bob")).includes(path)) return;
    // The first opening is the plan's, the second a part's.
    if (!opened.has(path)) {
      opened.add(path);
      return;
    }
    stuck.add(path);
    await gate;
  };
  for (let n = 0; n < 10; n++) await ask(`email\nb${n}@example.com\n`);
  const single = await ask("email\nbob2@example.com\n", bob);
  await expect.poll(() => statusOf(single), { timeout: 20_000 }).toBe("completed");
  await expect.poll(() => opened.size, { timeout: 20_000 }).toBe(10);
  expect(stuck.size).toBe(3);
  open();
  await shop.engine.waitFor(async () => (await unfinished()) === 0);
});

test("429: an owner cannot have more than 200 unfinished imports", async () => {
  await shop.rows(`insert into imports (id, owner, target, scope, merge, absent, is_dry_run, is_again, file_url, file_name, created_at)
    select gen_random_uuid(), 'operator', 'contacts', 'operator', 'upsert', 'keep', false, false, 'x', 'x', now()
    from generate_series(1, 200)`);
  const body = { source: { content: "email\nc@example.com\n" }, target: "contacts" };
  expect(await shop.call("POST", "/api/imports", body)).toMatchObject({
    status: 429,
    body: { code: "too_many_requests" },
  });
  expect((await shop.call("POST", "/api/imports", body, bob)).status).toBe(202);
});
