import { expect, test } from "vitest";
import type { ImportWithState } from "#imports/rows.ts";
import { toImportView } from "#imports/view.ts";

const STARTED = "2026-11-02T10:00:00Z";
const now = new Date("2026-11-02T10:00:10Z");
const started: ImportWithState = {
  id: "00000000-0000-4000-8000-000000000001",
  job_id: null,
  owner: "ann",
  target: "contacts",
  merge: "upsert",
  absent: "keep",
  is_dry_run: false,
  file_url: "storage://people",
  file_name: "people.csv",
  fingerprint: null,
  mapping: null,
  declared_format: {},
  dialect: null,
  version: "1",
  byte_count: 8_000,
  status: "running",
  options: {},
  error: null,
  created_at: STARTED,
  started_at: STARTED,
  ended_at: null,
  row_count: null,
  progress_done: 0,
  progress_total: null,
  read_bytes: 2_000,
  is_planned: false,
  counts: { inserted: 0, updated: 0, unchanged: 0, skipped: 0, rejected: 0 },
  undo_job_id: null,
  undo_status: null,
  undo_counts: null,
  undone_at: null,
};
const progressOf = (some: Partial<ImportWithState>) => toImportView({ ...started, ...some }, now).progress;
const written = (inserted: number) => ({ ...started.counts, inserted });
const writing = { is_planned: true, progress_total: 1_000, read_bytes: 8_000, counts: written(250) };

test("while the file is read, the progress has its bytes and no time left, because its rows are not known", () => {
  expect(progressOf({})).toMatchObject({ phase: "reading", bytesRead: 2_000, bytesTotal: 8_000 });
  expect(progressOf({})).toMatchObject({ rowsTotal: null, rowsPerSecond: null, secondsLeft: null });
});

test("while rows are written, the progress has rows, rows per second and the seconds that are left", () => {
  expect(progressOf(writing)).toMatchObject({
    phase: "writing",
    rowsDone: 250,
    rowsTotal: 1_000,
    rowsPerSecond: 25,
    secondsLeft: 30,
  });
});

test("100 percent is said of a completed import alone, and no progress is beyond its total", () => {
  const beyond = { ...writing, counts: written(1_001), read_bytes: 9_000 };
  expect(progressOf(beyond)).toMatchObject({
    percent: 99,
    rowsDone: 1_000,
    bytesRead: 8_000,
    secondsLeft: 0,
  });
  const ended = { ended_at: now.toISOString(), row_count: 1_000, progress_total: null };
  expect(progressOf({ ...writing, ...ended, status: "canceled" }).percent).toBeLessThan(100);
  expect(progressOf({ ...writing, ...ended, status: "completed", counts: written(1_000) })).toMatchObject({
    phase: "ended",
    percent: 100,
    secondsLeft: null,
  });
});
