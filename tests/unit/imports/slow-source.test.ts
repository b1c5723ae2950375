import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { planPiece } from "#imports/plan-import.ts";
import type { ImportRow } from "#imports/rows.ts";
import { openSource } from "#imports/source.ts";
import { createParts } from "#jobs/parts.ts";
import type { PartsRepository, Piece } from "#jobs/parts-repository.ts";
import type { SafeFetch } from "#lib/outside/safe-fetch.ts";

const MEGABYTE = 1024 * 1024;
/** Rows of 100 KB: less than 5,000 of them, and less than 8 MB, are in the file. */
const ROWS = 70;
const FILE = Buffer.from(`email,note\n${`ada@example.com,${"x".repeat(100_000)}\n`.repeat(ROWS)}`);

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

type Options = { file?: Buffer; fingerprint?: string | null; hasRanges?: boolean };

/** Plans an import of the file from a host that needs this long for a megabyte. */
async function planFrom(
  secondsPerMegabyte: number,
  { file = FILE, fingerprint = "etag", hasRanges = true }: Options = {},
) {
  const steps: number[] = [];
  const run = {
    step: {
      run: async (_: string, work: () => Promise<unknown>) => {
        const start = performance.now();
        const result = await work();
        steps.push((performance.now() - start) / 1000);
        return result;
      },
    },
    runId: "run",
    event: { id: "event", data: {} },
  };
  let work = { target: "contacts", said: {}, mapping: null, dialect: null, fingerprint };
  let stored = work;
  let digest: string | undefined;
  const imports = {
    describe: async (_: string, found: object) => void (stored = { ...work, ...found }),
    fingerprint: async (_: string, found: string) => void (digest = found),
  };
  const wait = (bytes: number) => void vi.advanceTimersByTime((secondsPerMegabyte * 1000 * bytes) / MEGABYTE);
  const storage = {
    open: async () => async (from: number, length: number) => {
      wait(length);
      return { bytes: file.subarray(from, from + length), size: file.length, version: "1" };
    },
  };
  const safeFetch: SafeFetch = async (url) => {
    wait(file.length);
    const body = (async function* () {
      yield file;
    })();
    return { status: 200, headers: new Headers(), url, body, discard: async () => {} };
  };
  const planned: Piece["parts"] = [];
  let cursor: Piece["cursor"] = null;
  const plan = () => ({ jobId: "job", planned: planned.length > 0 && cursor === null, cursor });
  const add = async (_: string, from: Piece["cursor"], piece: Piece) => {
    expect(from).toEqual(cursor);
    planned.push(...piece.parts);
    cursor = piece.cursor;
    return plan();
  };
  // The plan needs no other calls of the repository, and no other fields of the run and of the import's row.
  const parts = createParts({ open: async () => plan(), add } as unknown as PartsRepository);
  await parts.plan(run as never, "process-import", async (at, time) => {
    work = stored;
    const url = hasRanges ? "storage://people" : "https://host/people";
    const source = await openSource({ storage, safeFetch }, url, null);
    return planPiece(imports, work as unknown as ImportRow, source, at.cursor, time);
  });
  return { steps, planned, digest };
}

test("a file is read in steps that begin nothing new after 20 s, and a part has what a slow host gives in one", async () => {
  const { steps, planned } = await planFrom(6);
  expect(steps.length).toBeGreaterThan(1);
  // The reading of one more megabyte may begin just before the end.
  expect(Math.max(...steps)).toBeLessThanOrEqual(26);
  expect(planned.length).toBeGreaterThan(1);
  expect(planned.reduce((sum, { total }) => sum + total, 0)).toBe(ROWS);
  const ends = planned.map(({ first, last }) => [first, last]);
  expect(ends.map(([first]) => first)).toEqual([1, ...ends.slice(0, -1).map(([, last = 0]) => last + 1)]);
});

test("a file from a fast host is read in one step, and its parts are as large as they may be", async () => {
  const { steps, planned } = await planFrom(0.1);
  expect(steps).toHaveLength(1);
  expect(planned).toMatchObject([{ first: 1, last: ROWS }]);
});

test("a packed file from a slow host, which each step reads from its start, is not cut into many small parts", async () => {
  const rows = Array.from({ length: 300 }, () => `ada@example.com,${randomBytes(5000).toString("hex")}\n`);
  const { steps, planned } = await planFrom(15, { file: gzipSync(`email,note\n${rows.join("")}`) });
  expect(steps.length).toBeLessThanOrEqual(2);
  expect(planned.reduce((sum, { total }) => sum + total, 0)).toBe(300);
});

test("a packed file whose first megabyte took too long is not cut into many small parts either", async () => {
  const rows = Array.from({ length: 300 }, () => `ada@example.com,${randomBytes(5000).toString("hex")}\n`);
  const { planned } = await planFrom(25, { file: gzipSync(`email,note\n${rows.join("")}`) });
  expect(planned).toMatchObject([{ first: 1, last: 300 }]);
});

test("a file has the same fingerprint, however slow its host is", async () => {
  const slow = await planFrom(6, { fingerprint: null });
  const fast = await planFrom(0.1, { fingerprint: null });
  expect(slow.planned.length).toBeGreaterThan(fast.planned.length);
  expect(slow.digest).toBe(fast.digest);
  const other = await planFrom(0.1, {
    fingerprint: null,
    file: Buffer.concat([FILE, Buffer.from("a@b.example,")]),
  });
  expect(other.digest).not.toBe(fast.digest);
});

test("a file of a slow host without ranges, which sends all of it each time, is planned in one step", async () => {
  const file = Buffer.from(`email,note\n${`ada@example.com,${"x".repeat(100_000)}\n`.repeat(180)}`);
  const { steps, planned } = await planFrom(1.5, { file, hasRanges: false });
  expect(steps).toHaveLength(1);
  expect(planned.map(({ total }) => total)).toEqual([84, 84, 12]);
});
