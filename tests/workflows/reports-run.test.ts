import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AppError } from "#lib/errors.ts";
import { generateReport } from "#reports/generate-report.ts";
import { renderPdf } from "#reports/render-pdf.ts";
import { reportRepository } from "#reports/repository.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

/** What happens while a report is generated: other people write, or it cannot be rendered. */
let shop: Workshop;
let render = renderPdf;
let onPage: (page: number) => Promise<void> = async () => {};
beforeAll(async () => {
  shop = await workshop({
    functions: ({ db, ...platform }) => {
      const reports = reportRepository(db, platform.clock);
      const page = async (snapshotId: string, number: number) => {
        await onPage(number);
        return reports.page(snapshotId, number);
      };
      return [
        generateReport({
          ...platform,
          reports: { ...reports, page },
          render: (document) => render(document),
        }),
      ];
    },
  });
  await shop.rows(
    "insert into email_lists (owner, name, created_at) values ('operator', 'Customers', now())",
  );
});
afterAll(() => shop.close());

const NOVEMBER = { start: "2026-11-01", end: "2026-11-30" };
const ask = async (body: Record<string, unknown>): Promise<string> =>
  (await shop.call("POST", "/api/reports", { dateRange: NOVEMBER, ...body })).body.jobId;
const read = async (id: string) => (await shop.call("GET", `/api/reports/${id}`)).body;
const pages = () => shop.rows("select distinct report_id as report from private.report_pages");
const insert = (from: number, to: number) =>
  shop.rows(
    `insert into contacts (owner, email, note, created_at, updated_at)
     select 'operator', n || '@example.org', 'before', '2026-11-02Z', now() from generate_series($1::int, $2) as n`,
    [from, to],
  );

async function rowsOf(id: string): Promise<string[][]> {
  const answer = await shop.request("GET", `/api/reports/${id}/download`);
  const file = await shop.database.fetch(answer.headers.get("location") ?? "");
  return parse(await file.text(), { bom: true }).slice(1);
}

test("a CSV of several pages shows one instant, although rows change while it is written", async () => {
  await insert(1, 4500);
  const written: number[] = [];
  onPage = async (page) => {
    written.push(page);
    if (page !== 1) return;
    await shop.rows("update contacts set note = 'after'");
    await shop.rows("delete from contacts where email in ('3000@example.org', '4400@example.org')");
    await insert(4501, 7000);
  };
  const id = await ask({ reportType: "contacts" });
  await shop.engine.run(id, "generate-report");
  onPage = async () => {};
  expect(written).toEqual([0, 1, 2]);
  const rows = await rowsOf(id);
  expect(rows.map(([email]) => email)).toEqual(
    Array.from({ length: 4500 }, (_, n) => `${n + 1}@example.org`),
  );
  expect(new Set(rows.map((row) => row[4]))).toEqual(new Set(["before"]));
  expect(await read(id)).toMatchObject({ rows: 4500, snapshotAt: expect.any(String) });
  expect(await pages()).toEqual([]);
});

test("a try after a crash takes a new snapshot, and has none of the rows of the first", async () => {
  let crashes = 1;
  onPage = async (page) => {
    if (page !== 1 || crashes-- <= 0) return;
    await shop.rows("update contacts set note = 'later'");
    throw new Error("the process ends here");
  };
  const id = await ask({ reportType: "contacts", dateRange: { ...NOVEMBER, end: "2026-11-29" } });
  await shop.engine.run(id, "generate-report");
  onPage = async () => {};
  const rows = await rowsOf(id);
  expect(new Set(rows.map((row) => row[4]))).toEqual(new Set(["later"]));
  expect(rows).toHaveLength(new Set(rows.map(([email]) => email)).size);
  expect((await shop.rows("select count(*)::int from contacts"))[0]).toEqual({ count: rows.length });
});

test("housekeeping deletes the copied rows of a report that failed, and none of one that is generated", async () => {
  const waiting = await ask({ reportType: "contacts", dateRange: { ...NOVEMBER, end: "2026-11-28" } });
  onPage = async () => {
    if ((await read(waiting)).status !== "running") return;
    await shop.app.keepHouse();
    expect(await pages()).toEqual([{ report: waiting }]);
    throw new AppError("invalid_report", "No such page");
  };
  await shop.engine.run(waiting, "generate-report");
  onPage = async () => {};
  expect(await read(waiting)).toMatchObject({ status: "failed", error: { code: "invalid_report" } });
  expect(await pages()).toEqual([{ report: waiting }]);
  await shop.app.keepHouse();
  expect(await pages()).toEqual([]);
});

test("S4-35: a report that cannot be rendered is tried once, fails, and says why to its owner", async () => {
  let tries = 0;
  render = () => {
    tries += 1;
    throw new AppError("invalid_report", "The report cannot be rendered: no glyph");
  };
  const id = await ask({ reportType: "users", format: "pdf" });
  await shop.engine.run(id, "generate-report");
  await shop.engine.idle();
  render = renderPdf;
  expect(tries).toBe(1);
  const letters = await shop.rows("select error_code, attempts from dead_letter_queue where event_id = $1", [
    id,
  ]);
  expect(letters).toEqual([{ error_code: "invalid_report", attempts: 1 }]);
  expect(await read(id)).toMatchObject({
    status: "failed",
    error: { code: "invalid_report", message: "The report cannot be rendered: no glyph" },
    downloadUrl: null,
  });
  const file = await shop.call("GET", `/api/reports/${id}/download`);
  expect(file).toMatchObject({ status: 409, body: { detail: expect.stringContaining("its job failed") } });
  const { body: told } = await shop.call("GET", "/api/notifications");
  expect(told.items.filter(({ data }: { data: { reportId: string } }) => data.reportId === id)).toEqual([]);
});

test("422: a list with more rows than an export may have fails by that name, and leaves no copied rows", async () => {
  const id = await ask({ reportType: "contacts", dateRange: { ...NOVEMBER, end: "2026-11-27" } });
  await shop.engine.run(id, "generate-report");
  const take = (most: number) =>
    shop.rows("select take_report_pages($1, gen_random_uuid(), 10, $2)", [id, most]);
  await expect(take(1000)).rejects.toMatchObject({ code: "PT422", hint: "invalid_report" });
  expect(await pages()).toEqual([]);
});

test("a snapshot's rows are gone when a further try has taken a newer one, so that a slow first try fails", async () => {
  const id = await ask({ reportType: "contacts", dateRange: { ...NOVEMBER, end: "2026-11-26" } });
  await shop.engine.run(id, "generate-report");
  const [first, second] = [crypto.randomUUID(), crypto.randomUUID()];
  for (const snapshot of [first, second])
    await shop.rows("select take_report_pages($1, $2, 5000, 10000)", [id, snapshot]);
  const taken = await shop.rows(
    "select snapshot_id as snapshot from private.report_pages where report_id = $1",
    [id],
  );
  expect(new Set(taken.map(({ snapshot }) => snapshot))).toEqual(new Set([second]));
});
