import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { isAlive } from "#supabase/cluster.ts";
import { startPostgres } from "#supabase/postgres.ts";

// All tests share one cluster. Each test stops the cluster at its end.
const directory = fs.mkdtempSync(path.join(os.tmpdir(), "nightshift-launcher-"));
const dataDir = path.join(directory, "postgres");
const settings = { fsync: "off" };

beforeAll(() => fs.chmodSync(directory, 0o755));
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));

const ask = async (url: string, text: string) => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
};
const postmaster = () => Number(fs.readFileSync(path.join(dataDir, "postmaster.pid"), "utf8").split("\n")[0]);

/** Starts Postgres in another process, which can be killed. */
const elsewhere = async (): Promise<{ url: string; owner: ChildProcess }> => {
  const code = `import { startPostgres } from "#supabase/postgres.ts";
    const { url } = await startPostgres({ dataDir: ${JSON.stringify(dataDir)}, settings: { fsync: "off" } });
    console.log(url); setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", code], {
    cwd: "local",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(owner.stdout ?? owner, "data");
  return { url: String(line).trim(), owner };
};

test("Postgres keeps its data, port and password over a restart", async () => {
  const first = await startPostgres({ dataDir, settings });
  await ask(first.url, "create table restarted as select 1 as id");
  await first.stop();
  expect(fs.existsSync(path.join(dataDir, "postmaster.pid"))).toBe(false);
  const second = await startPostgres({ dataDir, settings });
  expect(second.url).toBe(first.url);
  expect(await ask(second.url, "select id from restarted")).toEqual([{ id: 1 }]);
  await second.stop();
});

test("Postgres waits for its port when it is in use for a moment", async () => {
  const first = await startPostgres({ dataDir, settings });
  await first.stop();
  const squatter = net.createServer().listen(first.port, "127.0.0.1");
  await once(squatter, "listening");
  const second = startPostgres({ dataDir, settings });
  setTimeout(() => squatter.close(), 500);
  expect((await second).url).toBe(first.url);
  await (await second).stop();
});

test("Postgres serves two simultaneous starts on the same data, and only the first one's stop ends it", async () => {
  const [one, other] = await Promise.all([
    startPostgres({ dataDir, settings }),
    startPostgres({ dataDir, settings }),
  ]);
  expect(one.url).toBe(other.url);
  const [owned, shared] = one.owned ? [one, other] : [other, one];
  expect([owned.owned, shared.owned]).toEqual([true, false]);
  await shared.stop();
  expect(await ask(owned.url, "select 1 as alive")).toEqual([{ alive: 1 }]);
  await owned.stop();
  await shared.exited;
});

test("Postgres ends with the process that started it, even after kill -9, and keeps its data", async () => {
  const { url, owner } = await elsewhere();
  await ask(url, "create table abandoned as select 1 as id");
  const pid = postmaster();
  const gone = once(owner, "exit");
  owner.kill("SIGKILL");
  // The process ends a moment after the signal. Until then the server may still belong to that process.
  await gone;
  const again = await startPostgres({ dataDir, settings });
  expect(postmaster()).not.toBe(pid);
  await expect.poll(() => isAlive(pid)).toBe(false);
  expect(await ask(again.url, "select id from abandoned")).toEqual([{ id: 1 }]);
  await again.stop();
});

test("Postgres starts again after a kill -9 of the server", async () => {
  const first = await startPostgres({ dataDir, settings });
  await ask(first.url, "create table killed as select 1 as id");
  process.kill(postmaster(), "SIGKILL");
  await first.exited;
  const second = await startPostgres({ dataDir, settings });
  expect([second.url, second.owned]).toEqual([first.url, true]);
  expect(await ask(second.url, "select id from killed")).toEqual([{ id: 1 }]);
  await second.stop();
});

test("Postgres starts when its old pid belongs to another program, which gets no signal", async () => {
  const first = await startPostgres({ dataDir, settings });
  await ask(first.url, "create table outage as select 1 as id");
  await first.stop();
  const bystander = spawn("sleep", ["600"]);
  const lines = [bystander.pid, dataDir, 1, first.port, "", "127.0.0.1", "1 1", "ready", ""];
  fs.writeFileSync(path.join(dataDir, "postmaster.pid"), lines.join("\n"));
  fs.writeFileSync(path.join(dataDir, "postmaster.opts"), "postgres -c nightshift.owner=999999999");
  const second = await startPostgres({ dataDir, settings });
  expect(await ask(second.url, "select id from outage")).toEqual([{ id: 1 }]);
  expect([bystander.exitCode, bystander.signalCode]).toEqual([null, null]);
  bystander.kill("SIGKILL");
  await second.stop();
});

test("Postgres repeats an initdb that was interrupted", async () => {
  const fresh = path.join(directory, "fresh");
  fs.mkdirSync(path.join(`${fresh}.init-999999`, "base"), { recursive: true });
  const postgres = await startPostgres({ dataDir: fresh, settings });
  await postgres.stop();
  expect(fs.readdirSync(directory).filter((name) => name.startsWith("fresh"))).toEqual(["fresh"]);
});

test("Postgres listens on 127.0.0.1 only, with a random password", async () => {
  const postgres = await startPostgres({ dataDir, settings });
  expect(await ask(postgres.url, "show listen_addresses")).toEqual([{ listen_addresses: "127.0.0.1" }]);
  expect(await ask(postgres.url, "show unix_socket_directories")).toEqual([{ unix_socket_directories: "" }]);
  const guessed = new URL(postgres.url);
  guessed.password = "postgres";
  await expect(ask(guessed.href, "select 1")).rejects.toThrow("password authentication failed");
  await postgres.stop();
});

test.runIf(process.getuid?.() === 0)(
  "Postgres run as root keeps its data behind a link when its folder is closed to other users",
  async () => {
    const closed = fs.mkdtempSync(path.join(os.tmpdir(), "nightshift-closed-"));
    const inside = path.join(closed, "postgres");
    const first = await startPostgres({ dataDir: inside, settings });
    await ask(first.url, "create table t as select 1 as id");
    await first.stop();
    const place = fs.readlinkSync(inside);
    const second = await startPostgres({ dataDir: inside, settings });
    expect(await ask(second.url, "select id from t")).toEqual([{ id: 1 }]);
    await second.stop();

    fs.rmSync(closed, { recursive: true });
    fs.mkdirSync(closed, { mode: 0o700 });
    const other = await startPostgres({ dataDir: path.join(closed, "other"), settings });
    await other.stop();
    expect(fs.existsSync(place)).toBe(false);
    fs.rmSync(fs.readlinkSync(path.join(closed, "other")), { recursive: true });
    fs.rmSync(closed, { recursive: true });
  },
);

test("Postgres reports an error in one sentence", async () => {
  fs.writeFileSync(path.join(directory, "file"), "");
  await expect(startPostgres({ dataDir: path.join(directory, "file", "postgres") })).rejects.toThrow(
    /^The data folder .* cannot be written\. Choose another one with --data-dir\.$/,
  );
  await expect(startPostgres({ dataDir, settings: { no_such_setting: 1 } })).rejects.toThrow(
    'Postgres does not start: unrecognized configuration parameter "no_such_setting"',
  );
});

test("Postgres names DATABASE_URL as the alternative when the platform has no binaries", async () => {
  vi.spyOn(process, "arch", "get").mockReturnValue("s390x");
  await expect(startPostgres({ dataDir })).rejects.toThrow(
    `There is no Postgres for ${process.platform}-s390x in node_modules. Set DATABASE_URL to a Postgres 15 or newer and it will be used instead.`,
  );
  vi.restoreAllMocks();
});
