import { setImmediate } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { generateReport } from "#reports/generate-report.ts";
import { renderPdf } from "#reports/render-pdf.ts";
import { reportRepository } from "#reports/repository.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

/** While a report is generated, its deadline passes or its owner revokes it. */
let shop: Workshop;
let render = renderPdf;
let onPage: () => Promise<void> = async () => {};
let onStored: () => Promise<void> = async () => {};
/** The files that were sent to Storage, and how their uploads ended. */
const uploads = new Map<string, Promise<unknown>>();
const completed: string[] = [];
beforeAll(async () => {
  shop = await workshop({
    functions: ({ db, ...platform }) => {
      const reports = reportRepository(db, platform.clock);
      const page: typeof reports.page = async (...which) => {
        await onPage();
        return reports.page(...which);
      };
      const complete: typeof reports.complete = (id, ...facts) => {
        completed.push(id);
        return reports.complete(id, ...facts);
      };
      const noted =
        <Args extends [string, string, ...unknown[]]>(send: (...file: Args) => Promise<void>) =>
        (...file: Args) => {
          const sent = send(...file);
          uploads.set(file[1], sent);
          return sent.then(() => onStored());
        };
      const storage = { put: noted(platform.storage.put), putStream: noted(platform.storage.putStream) };
      return [
        generateReport({
          ...platform,
          reports: { ...reports, page, complete },
          storage,
          render: (document) => render(document),
        }),
      ];
    },
  });
  await shop.rows(`with list as (
      insert into email_lists (owner, name, created_at) values ('operator', 'Customers', now()) returning id
    ) insert into email_subscribers (list_id, email, created_at, updated_at)
    select id, 'late@example.org', '2026-10-01Z', now() from list`);
});
afterAll(() => shop.close());

const read = async (id: string) => (await shop.call("GET", `/api/reports/${id}`)).body;

/** Generates a report until its deadline has passed. */
async function runPastDeadline(format: string, end: string): Promise<string> {
  const deadlineAt = new Date(shop.engine.clock.now().getTime() + 500).toISOString();
  const dateRange = { start: "2026-10-01", end };
  const asked = { reportType: "users", format, dateRange, deadlineAt };
  const id = (await shop.call("POST", "/api/reports", asked)).body.jobId;
  await shop.engine.run(id, "generate-report");
  expect(await read(id)).toMatchObject({ status: "skipped", snapshotAt: null });
  return id;
}

test.each(["pdf", "csv"])(
  "S4-53: a %s whose deadline passes while it is written is skipped, and stores no file",
  async (format) => {
    let goOn: () => void = () => {};
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    render = () => gate.then(() => new Uint8Array(1));
    onPage = () => gate;
    const id = await runPastDeadline(format, "2026-10-02");
    goOn();
    await setImmediate();
    [render, onPage] = [renderPdf, async () => {}];
    const ends = () => [...uploads].filter(([path]) => path.startsWith(id)).map(([, end]) => end);
    // On a slow machine the upload begins after the deadline.
    if (format === "csv") await expect.poll(() => ends().length).toBe(1);
    const states = (await Promise.allSettled(ends())).map(({ status }) => status);
    expect(states).toEqual(format === "pdf" ? [] : ["rejected"]);
    const files = "select from storage.objects where bucket_id = 'reports' and name like $1";
    expect(await shop.rows(files, [`${id}%`])).toEqual([]);
  },
  // A step's own limit is 50 s, after which the report would be skipped too.
  40_000,
);

test.each(["pdf", "csv"])(
  "a %s whose deadline passes after its file is stored is not completed, because another try may be at work",
  async (format) => {
    let goOn: () => void = () => {};
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    onStored = () => gate;
    render = async () => new Uint8Array(1);
    const id = await runPastDeadline(format, "2026-10-03");
    goOn();
    await setImmediate();
    [render, onStored] = [renderPdf, async () => {}];
    expect(completed).not.toContain(id);
    expect(await read(id)).toMatchObject({ snapshotAt: null });
  },
  40_000,
);

test("a report that is revoked while it is generated is not announced", async () => {
  onStored = async () => {
    await shop.call("DELETE", `/api/reports/${id}`);
  };
  const asked = { reportType: "users", format: "csv", dateRange: { start: "2026-10-01", end: "2026-10-04" } };
  const id = (await shop.call("POST", "/api/reports", { ...asked, delayMs: 60_000 })).body.jobId;
  await shop.engine.run(id, "generate-report");
  onStored = async () => {};
  expect((await shop.call("GET", `/api/jobs/${id}`)).body.result).toEqual({ reportId: id, isRevoked: true });
  expect(await shop.rows("select from notifications where data ->> 'reportId' = $1", [id])).toEqual([]);
  expect((await shop.call("GET", `/api/reports/${id}/download`)).status).not.toBe(303);
});
