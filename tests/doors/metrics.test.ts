import { readFileSync } from "node:fs";
import parsePrometheus from "parse-prometheus-text-format";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { METRICS } from "#monitoring/metrics.ts";
import { type TestApp, testApp } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { insertJob } from "../support/jobs.ts";

let database: TestDatabase;
let site: TestApp;
beforeAll(async () => {
  database = await freshDatabase();
  site = await testApp(database);
});
afterAll(() => database.close());

const family = z.object({
  name: z.string(),
  help: z.string(),
  type: z.literal("GAUGE"),
  metrics: z.array(z.object({ value: z.string(), labels: z.record(z.string(), z.string()).optional() })),
});
async function scrape() {
  const response = await site.app.doors.api(
    new Request("http://site.local/api/metrics", { headers: { authorization: `Bearer ${site.keys.admin}` } }),
  );
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  return family.array().parse(parsePrometheus(await response.text()));
}
const valueOf = (families: z.output<typeof family>[], name: string, labels: Record<string, string> = {}) =>
  Number(
    families
      .find((one) => one.name === name)
      ?.metrics.find((one) => Object.entries(labels).every(([key, value]) => one.labels?.[key] === value))
      ?.value,
  );

test("Prometheus can read the metrics, and they count what there is", async () => {
  const strange = 'a "strange"\\kind\n';
  for (let n = 0; n < 3; n++) await insertJob(database.sql, { priority: 2 });
  await insertJob(database.sql, { priority: 4, kind: strange });
  await database.sql.query(
    `update jobs set status = 'failed', kind = $1, started_at = created_at + interval '2 hours', ended_at = now()
     where priority = 4`,
    [strange],
  );
  await site.app.keepHouse().catch(() => {});
  const families = await scrape();
  expect(valueOf(families, "nightshift_jobs_waiting", { class: "P2" })).toBe(3);
  expect(valueOf(families, "nightshift_jobs_waiting", { class: "P1" })).toBe(0);
  expect(valueOf(families, "nightshift_jobs_ended_last_five_minutes", { status: "failed" })).toBe(1);
  expect(valueOf(families, "nightshift_jobs_late_last_five_minutes", { class: "P4" })).toBe(1);
  expect(valueOf(families, "nightshift_outbox_jobs")).toBe(3);
  const labels = families
    .find(({ name }) => name === "nightshift_jobs_ended_last_five_minutes")
    ?.metrics.map((one) => one.labels?.["kind"]);
  expect(new Set(labels)).toEqual(new Set([strange]));
});

test("every metric is documented, and there are at most 200 series with 100 kinds of work", async () => {
  await database.sql.query(
    `insert into jobs (kind, function_id, event_id, event_name, status, requester, created_at, ready_at, due_at,
       ended_at, updated_at)
     select 'kind ' || n, 'f', n::text, 'test/work', 'completed', 'key:test', now(), now(), now(), now(), now()
     from generate_series(1, 100) as n`,
  );
  const { rows } = await database.sql.query(
    "select public.send_canary('5 minutes', now()), public.read_metrics(now()) as read",
  );
  expect(rows).toHaveLength(1);
  const families = await scrape();
  expect(families.map(({ name }) => name).toSorted()).toEqual(Object.keys(METRICS).toSorted());
  const series = families.flatMap(({ metrics }) => metrics).length;
  expect(series).toBeGreaterThan(100);
  expect(series).toBeLessThanOrEqual(200);
});

test("the metrics are for administrators", async () => {
  for (const path of ["/api/metrics", "/queue/stats"]) {
    expect((await site.call("GET", path)).status).toBe(401);
    expect((await site.call("GET", path, { as: "ann" })).status).toBe(403);
  }
});

test("S2-20: /queue/stats says how many jobs are pending, failed and worked on", async () => {
  await database.sql.query("truncate jobs, dead_letter_queue cascade");
  await insertJob(database.sql);
  await insertJob(database.sql);
  const running = await insertJob(database.sql);
  await database.sql.query("update jobs set status = 'running', started_at = now() where id = $1", [running]);
  await database.sql.query(
    `insert into dead_letter_queue (event_name, event_data, event_id, run_id, function_id, fingerprint)
     select 'a/b', '{}', 'e' || n, 'r' || n, 'f', 'x' from generate_series(1, 2) as n`,
  );
  // What an operator has decided about does not wait any more.
  await database.sql.query(
    "update dead_letter_queue set status = 'ignored', note = 'n', handled_by = 'ops', handled_at = now() where event_id = 'e2'",
  );
  const { status, body } = await site.call("GET", "/queue/stats", { as: "admin" });
  expect({ status, body }).toEqual({ status: 200, body: { pending: 2, failed: 1, workers: 1 } });
});

test("every query of the Grafana dashboard names metrics that exist, and every metric is on it", () => {
  const dashboard = z
    .object({ panels: z.array(z.object({ targets: z.array(z.object({ expr: z.string() })) })) })
    .parse(JSON.parse(readFileSync("docs/grafana/nightshift.json", "utf8")));
  const queries = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  const named = queries.flatMap((query) => query.match(/nightshift_\w+/g) ?? []);
  expect(new Set(named)).toEqual(new Set(Object.keys(METRICS)));
});
