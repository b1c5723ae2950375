import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { takeDataDir } from "#stack/data-dir.ts";
import { StackError } from "#stack/errors.ts";

const root = mkdtempSync(join(tmpdir(), "nightshift-data-dir-"));
const before = process.env;
afterEach(() => {
  process.env = before;
});
afterAll(() => rmSync(root, { recursive: true }));

const take = (dataDir: string) =>
  takeDataDir({ port: undefined, dataDir, reset: false, ephemeral: false, inngest: false, timeScale: 1 });
const folder = (name: string) => {
  const path = join(root, name);
  mkdirSync(path, { recursive: true });
  return path;
};

/** A killed process leaves a socket without a listener. */
const leaveSocket = async (path: string) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}.alive`, resolve));
  renameSync(`${path}.alive`, path);
  await new Promise((resolve) => server.close(resolve));
};

test.each([
  { what: "a folder", path: folder("short") },
  { what: "a folder whose path is too long for a socket", path: folder("long-".repeat(30)) },
])("$what is locked for one stack, also through a link", async ({ path }) => {
  const link = `${path.slice(0, root.length + 5)}.link`;
  symlinkSync(path, link);
  const taken = await take(path);
  await expect(take(path)).rejects.toThrow(`A stack already runs on the data in ${path}.`);
  await expect(take(link)).rejects.toThrow(`A stack already runs on the data in ${link}.`);
  process.env = { ...before, TMPDIR: folder("elsewhere") };
  await expect(take(path)).rejects.toThrow(`A stack already runs on the data in ${path}.`);
  taken.release();
  (await take(link)).release();
});

test("of many simultaneous starts one gets the folder, even when a killed stack left its lock", async () => {
  const path = folder("wanted");
  for (let round = 0; round < 10; round += 1) {
    mkdirSync(join(path, "lock"));
    if (round > 0) await leaveSocket(join(path, "lock", "dead"));
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => take(path)));
    const winners = outcomes.filter((outcome) => outcome.status === "fulfilled");
    expect(winners).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === "rejected") expect(String(outcome.reason)).toContain("already runs");
    winners[0]?.value.release();
  }
  expect(readdirSync(path)).toEqual([]);
});

test("a folder that cannot be locked is reported in a sentence, and the attempt leaves no file", async () => {
  const path = folder("odd");
  writeFileSync(join(path, "lock"), "not a folder");
  const refused = take(path);
  await expect(refused).rejects.toThrow(`The data folder ${path} cannot be locked: ENOTDIR`);
  await expect(refused).rejects.toBeInstanceOf(StackError);
  expect(readdirSync(path)).toEqual(["lock"]);
});

test("emptying deletes the stack's own data, even behind a link, and no other file", async () => {
  const path = folder("full");
  const cluster = folder("cluster");
  symlinkSync(realpathSync(cluster), join(path, "postgres"));
  for (const name of ["keys.json", "supabase-keys.json", "mine.txt"]) writeFileSync(join(path, name), "");
  for (const name of ["mail", "storage", "logs"]) mkdirSync(join(path, name));
  const taken = await take(path);
  expect(readdirSync(path)).toContain("keys.json");
  taken.empty();
  expect(readdirSync(path).toSorted()).toEqual(["lock", "mine.txt"]);
  expect(existsSync(cluster)).toBe(false);
  await expect(take(path)).rejects.toThrow("already runs");
  taken.release();
  expect(readdirSync(path)).toEqual(["mine.txt"]);
});

test.runIf(process.platform === "linux")(
  "a folder that cannot be written to is reported, without endless retries",
  async () => {
    const dataDir = "/proc/nightshift/data";
    await expect(take(dataDir)).rejects.toThrow(`The data folder ${dataDir} cannot be written to.`);
  },
);
