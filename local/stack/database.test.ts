import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import pg from "pg";
import { afterAll, expect, test } from "vitest";
import { openDatabase } from "#stack/database.ts";
import { isAlive } from "#supabase/cluster.ts";

const folder = mkdtempSync(join(tmpdir(), "nightshift-database-"));
chmodSync(folder, 0o755);
const migrations = join(folder, "migrations");
mkdirSync(migrations);
afterAll(() => rmSync(folder, { recursive: true }));

const dataDir = join(folder, "data");
const cluster = () => realpathSync(join(dataDir, "postgres"));
const pidFile = () => join(cluster(), "postmaster.pid");
const postmaster = () => (existsSync(pidFile()) ? Number(readFileSync(pidFile(), "utf8").split("\n")[0]) : 0);

async function ask(url: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query("select 1 as alive")).rows;
  } finally {
    await client.end();
  }
}

test("a Postgres that does not restart at once is tried again, and one that is restarting is stopped with the stack", async () => {
  const said: string[] = [];
  const database = openDatabase({}, { dataDir, migrations, say: (sentence) => said.push(sentence) });
  const url = await database.ready;

  const control = join(cluster(), "global/pg_control");
  renameSync(control, `${control}.away`);
  process.kill(postmaster(), "SIGKILL");
  const tries = () => said.filter((sentence) => /^Postgres does not come back: .+pg_control/.test(sentence));
  await expect.poll(() => tries().length).toBeGreaterThan(0);
  renameSync(`${control}.away`, control);
  await expect.poll(() => said.at(-1)).toBe("Postgres is back.");
  expect(await ask(url)).toEqual([{ alive: 1 }]);

  const killed = postmaster();
  process.kill(killed, "SIGKILL");
  await expect.poll(() => [0, killed].includes(postmaster())).toBe(false);
  const next = postmaster();
  await database.stop();
  expect(isAlive(next)).toBe(false);
  expect(existsSync(pidFile())).toBe(false);
});

test("a database that is stopped before it is ready leaves no server", async () => {
  const database = openDatabase({}, { dataDir, migrations, say: () => {} });
  database.ready.catch(() => {}); // Nothing awaits it, so a rejection would be unhandled
  await database.stop();
  expect(existsSync(pidFile())).toBe(false);
});

test.each(["postgres://me:pa#ss@db.example.com/app", "host=db.example.com password=pa#ss"])(
  "a DATABASE_URL that is no URL is refused without its password: %s",
  async (url) => {
    const { ready } = openDatabase({ DATABASE_URL: url }, { dataDir, migrations, say: () => {} });
    const error: unknown = await ready.catch((cause: unknown) => cause);
    expect(error).toMatchObject({ message: "DATABASE_URL is not a valid URL." });
    expect(inspect(error)).not.toContain("pa#ss");
  },
);
