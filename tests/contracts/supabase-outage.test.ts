/** The gateway on a Postgres that dies and comes back. Only local, because a hosted database cannot be killed. */
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { createGateway, type Gateway } from "@nightshift/local/supabase/gateway.ts";
import { type Keys, newKeys } from "@nightshift/local/supabase/keys.ts";
import { migrate } from "@nightshift/local/supabase/migrate.ts";
import { type Postgres, startPostgres } from "@nightshift/local/supabase/postgres.ts";
import { type RunningServer, serve } from "@nightshift/local/supabase/server.ts";
import { createClient } from "@supabase/supabase-js";
import pg from "pg";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

const directory = fs.mkdtempSync(path.join(os.tmpdir(), "nightshift-outage-"));
fs.chmodSync(directory, 0o755);
const dataDir = path.join(directory, "postgres");
const patiently = { timeout: 60_000 };
let postgres: Postgres;
let gateway: Gateway;
let server: RunningServer;
let keys: Keys;

const start = () => startPostgres({ dataDir, settings: { fsync: "off" } });
const client = (key = keys.secret) =>
  createClient(server.url, key, {
    auth: { persistSession: false },
    db: { retry: false } as never,
    realtime: { transport: Function as never },
  });
const sum = () => client().rpc("contract_sum", { p_a: 1 });

beforeAll(async () => {
  postgres = await start();
  await migrate(postgres.url, "tests/fixtures/supabase");
  keys = await newKeys();
  gateway = await createGateway({
    databaseUrl: postgres.url,
    keys,
    storageDir: path.join(directory, "storage"),
  });
  server = await serve(gateway.handle, 0);
});
afterAll(async () => {
  await server.close();
  await gateway.close();
  await postgres.stop();
  fs.rmSync(directory, { recursive: true, force: true });
});

const postmaster = () => Number(fs.readFileSync(path.join(dataDir, "postmaster.pid"), "utf8").split("\n")[0]);

test("the gateway answers 503 while Postgres is down, and works again afterwards", async () => {
  expect((await sum()).data).toBe(11);
  const before = postgres.url;
  process.kill(postmaster(), "SIGKILL");
  await postgres.exited;
  // A server's child processes outlive it for a moment, and still answer.
  await vi.waitFor(
    async () => expect(await sum()).toMatchObject({ status: 503, error: { code: "PGRST000" } }),
    patiently,
  );
  expect((await fetch(`${server.url}/health`)).status).toBe(503);

  postgres = await start();
  expect(postgres.url).toBe(before);
  await vi.waitFor(async () => expect((await sum()).data).toBe(11), patiently);
  expect((await fetch(`${server.url}/health`)).status).toBe(200);
});

test("the gateway notices a changed function, even after a restart", async () => {
  const shape = async () => (await client().rpc("contract_shape")).data;
  await ask("create function public.contract_shape() returns int language sql as 'select 1'");
  await vi.waitFor(async () => expect(await shape()).toBe(1), patiently);
  await ask("drop function public.contract_shape()");
  await ask("create function public.contract_shape() returns table (a int) language sql as 'select 2'");
  await vi.waitFor(async () => expect(await shape()).toEqual([{ a: 2 }]), patiently);
});

test("the gateway answers calls that were in progress when Postgres was killed", async () => {
  const sleeping = (key: string, seconds: number) =>
    Promise.all(Array.from({ length: 4 }, () => client(key).rpc("contract_sleep", { p_seconds: seconds })));
  // Just below the statement timeout of each role.
  const long = sleeping(keys.secret, 7);
  await vi.waitFor(async () => {
    const { rowCount } = await ask(
      "select from pg_stat_activity where query like '%contract_sleep%' and pid <> pg_backend_pid()",
    );
    expect(rowCount).toBe(4);
  }, patiently);
  const short = sleeping(keys.publishable, 2.5);
  process.kill(postmaster(), "SIGKILL");
  for (const { status } of await long) expect(status).toBe(503);
  for (const { status } of await short) expect([200, 503]).toContain(status);
  await postgres.exited;
  postgres = await start();
  await vi.waitFor(async () => expect((await sum()).data).toBe(11), patiently);
});

/** Passes connections on to Postgres, and cuts each one whose `commit` Postgres has answered, before the answer arrives. */
const cutAtCommit = async (port: number) => {
  const proxy = net.createServer((near) => {
    const far = net.connect(port, "127.0.0.1");
    let isCommitting = false;
    const cut = () => [near, far].forEach((socket) => void socket.destroy());
    for (const socket of [near, far]) socket.on("error", cut).on("close", cut);
    near.on("data", (bytes) => {
      isCommitting ||= bytes.includes("commit\0");
      far.write(bytes);
    });
    far.on("data", (bytes) => (isCommitting ? cut() : near.write(bytes)));
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  const address = proxy.address();
  return { port: typeof address === "object" ? address?.port : undefined, close: () => proxy.close() };
};

test("an upload whose commit succeeded without an answer keeps its bytes", async () => {
  await ask("insert into storage.buckets (id, name) values ('cut', 'cut') on conflict do nothing");
  const proxy = await cutAtCommit(postgres.port);
  const databaseUrl = postgres.url.replace(`:${postgres.port}/`, `:${proxy.port}/`);
  const storageDir = path.join(directory, "storage");
  const cut = await createGateway({ databaseUrl, keys, storageDir });
  const headers = { apikey: keys.secret, "content-type": "text/plain" };
  const upload = { method: "POST", headers, body: "the bytes" };
  expect((await cut.fetch("http://cut/storage/v1/object/cut/a.txt", upload)).ok).toBe(false);
  await cut.close();
  proxy.close();

  const files = client().storage.from("cut");
  expect((await files.upload("a.txt", "the bytes")).error).toMatchObject({ statusCode: "409" });
  expect(await (await files.download("a.txt")).data?.text()).toBe("the bytes");
  // The repeat was refused, so its file is gone.
  expect(fs.readdirSync(storageDir)).toHaveLength(1);
});

test("two upserts of one path at once leave one file, that of the row", async () => {
  await ask("insert into storage.buckets (id, name) values ('both', 'both') on conflict do nothing");
  const storageDir = path.join(directory, "storage");
  const files = client().storage.from("both");
  await files.upload("a.txt", "the first bytes");
  const before = fs.readdirSync(storageDir).length;
  const blocking = new pg.Client({ connectionString: postgres.url });
  await blocking.connect();
  // Rows can be read, but not written, until both upserts wait.
  await blocking.query("begin; lock table storage.objects in share row exclusive mode");
  const upserts = ["b", "c"].map((text) => files.upload("a.txt", text, { upsert: true }));
  await vi.waitFor(async () => {
    const { rowCount } = await ask("select from pg_locks where not granted");
    expect(rowCount).toBe(2);
  }, patiently);
  await blocking.query("commit");
  await blocking.end();
  for (const { error } of await Promise.all(upserts)) expect(error).toBeNull();
  expect(fs.readdirSync(storageDir)).toHaveLength(before);
  expect(await (await files.download("a.txt")).data?.text()).toMatch(/^[bc]$/);
});

const ask = async (text: string) => {
  const direct = new pg.Client({ connectionString: postgres.url });
  await direct.connect();
  const result = await direct.query(text);
  await direct.end();
  return result;
};
