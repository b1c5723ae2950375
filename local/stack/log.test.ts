import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { openLog } from "#stack/log.ts";

const folder = mkdtempSync(join(tmpdir(), "nightshift-log-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MB = 1024 * 1024;

test("a log is bounded while it is written: it has the newest bytes, and one older file", async () => {
  const said: string[] = [];
  const path = join(folder, "logs/part.log");
  const log = openLog(path, (message) => said.push(message));
  for (let n = 0; n < 35; n++) log.write(Buffer.alloc(MB, "x"));
  log.end();
  const sizes = () => [path, `${path}.old`].map((file) => statSync(file).size / MB);
  await vi.waitFor(() => expect(sizes()).toEqual([5, 10]), { timeout: 30_000 });
  expect(readdirSync(join(folder, "logs"))).toHaveLength(2);

  // A log of an earlier start counts too.
  const next = openLog(path, (message) => said.push(message));
  for (let n = 0; n < 6; n++) next.write(Buffer.alloc(MB, "x"));
  next.end();
  await vi.waitFor(() => expect(sizes()).toEqual([1, 10]), { timeout: 30_000 });
  expect(said).toEqual([]);
});
