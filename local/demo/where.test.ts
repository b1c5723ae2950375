import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newKeys, writeKeys } from "#stack/keys.ts";
import { runningStack } from "./where.ts";

const dataDir = mkdtempSync(join(tmpdir(), "nightshift-demo-"));
/** A program that accepts one API key, as a site does. */
const server = createServer(({ headers }, response) => {
  response.writeHead(headers.authorization === "Bearer ours" ? 200 : 401).end();
});
let port = 0;
beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.close();
  rmSync(dataDir, { recursive: true });
});

const lastStart = (site: number) => ({
  ports: { site, supabase: 1, engine: 1, mail: 1 },
  databaseUrl: "postgres://local",
});

test("the demo uses the stack of the data folder if it accepts the stack's own key", async () => {
  expect(await runningStack(dataDir)).toBeUndefined();
  writeKeys(dataDir, { ...newKeys(), admin: "ours", lastStart: lastStart(port) });
  expect(await runningStack(dataDir)).toEqual({ ...lastStart(port), keys: { admin: "ours" } });
});

test("the demo does not use another program at the site's port, nor a stack that has ended", async () => {
  writeKeys(dataDir, { ...newKeys(), admin: "another", lastStart: lastStart(port) });
  expect(await runningStack(dataDir)).toBeUndefined();
  writeKeys(dataDir, { ...newKeys(), admin: "ours", lastStart: lastStart(1) });
  expect(await runningStack(dataDir)).toBeUndefined();
  writeKeys(dataDir, { ...newKeys(), admin: "ours" });
  expect(await runningStack(dataDir)).toBeUndefined();
});
