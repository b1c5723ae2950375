import { createApiKey } from "@nightshift/local/api-key.ts";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { reportReady } from "#reports/events.ts";
import { reportFunctions } from "#reports/functions.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

let shop: Workshop;
/** What app code hears of finished reports. */
const heard: unknown[] = [];
beforeAll(async () => {
  shop = await workshop({
    functions: (platform) => [
      ...reportFunctions(platform),
      platform.inngest.createFunction(
        { id: "hear-of-report", triggers: [reportReady], retries: 0 },
        ({ event }) => void heard.push(event.data),
      ),
    ],
  });
  const { rows } = await shop.database.sql.query(
    "insert into email_lists (owner, name, created_at) values ('operator', 'Customers', now()), ('ann', 'Hers', now()) returning id",
  );
  await shop.database.sql.query(
    `insert into email_subscribers (list_id, email, fields, created_at, updated_at)
     select $1, 'p' || n || '@example.org', jsonb_build_object('name', case n when 7 then '=1+1' else 'Person ' || n end),
       '2026-11-02 10:00Z', now()
     from generate_series(1, 4500) as n`,
    [rows[0].id],
  );
  await shop.database.sql.query(
    "insert into email_subscribers (list_id, email, created_at, updated_at) values ($1, 'hers@example.org', '2026-11-02 10:00Z', now())",
    [rows[1].id],
  );
});
afterAll(() => shop.close());

const NOVEMBER = { start: "2026-11-01", end: "2026-11-30" };
const ask = (body: Record<string, unknown> = {}) =>
  shop.call("POST", "/api/reports", { reportType: "users", dateRange: NOVEMBER, format: "csv", ...body });
const read = async (id: string) => (await shop.call("GET", `/api/reports/${id}`)).body;
const make = async (body: Record<string, unknown> = {}) => {
  const { body: accepted } = await ask(body);
  await shop.engine.run(accepted.jobId, "generate-report");
  return accepted.jobId as string;
};
/** The response that a browser gets after following the redirect of the download. */
const download = async (id: string) => {
  const answer = await shop.request("GET", `/api/reports/${id}/download`);
  const address = answer.headers.get("location");
  return { status: answer.status, file: address === null ? undefined : await shop.database.fetch(address) };
};

describe("a report", () => {
  test("S4-6: is generated, notified once, and downloaded", async () => {
    const accepted = await ask({ format: "pdf" });
    expect(accepted).toMatchObject({ status: 202, body: { message: "Generating…" } });
    const { jobId } = accepted.body;
    await shop.engine.run(jobId, "generate-report");
    expect(await read(jobId)).toMatchObject({ status: "completed", format: "pdf", rows: 4501 });

    const { body: told } = await shop.call("GET", "/api/notifications");
    expect(told.items.filter(({ data }: { data: { reportId: string } }) => data.reportId === jobId)).toEqual([
      expect.objectContaining({
        type: "report_ready",
        data: { reportId: jobId, downloadUrl: `/api/reports/${jobId}/download` },
      }),
    ]);
    const downloadUrl = `/api/reports/${jobId}/download`;
    await expect
      .poll(() => heard, { timeout: 20_000 })
      .toContainEqual({ reportId: jobId, userId: "operator", downloadUrl });
    const { status, file } = await download(jobId);
    expect(status).toBe(303);
    expect(file?.headers.get("content-disposition")).toContain("users-2026-11-01.pdf");
    expect((await file?.text())?.slice(0, 5)).toBe("%PDF-");
    const [stored] = await shop.rows(
      "select name from storage.objects where bucket_id = 'reports' and name = $1",
      [`${jobId}.pdf`],
    );
    expect(stored).toBeDefined();
  });

  test("has every row once in its CSV file, and no cell that a spreadsheet would run as a formula", async () => {
    const id = await make();
    const { file } = await download(id);
    const bytes = Buffer.from((await file?.arrayBuffer()) ?? new ArrayBuffer(0));
    const rows: string[][] = parse(bytes, { bom: true });
    expect(rows[0]).toEqual(["Name", "E-mail", "List", "Status", "Since"]);
    const addresses = rows.slice(1).map(([, email]) => email);
    expect(new Set(addresses).size).toBe(4501);
    expect(rows.find(([, email]) => email === "p7@example.org")?.[0]).toBe("'=1+1");
    expect(await read(id)).toMatchObject({ rows: 4501, bytes: bytes.length });
  });

  test("S4-79: a list is exported as CSV, page by page, with each of its rows once", async () => {
    await shop.rows(`insert into contacts (owner, email, name, created_at, updated_at)
      select 'operator', 'c' || n || '@example.org', case n when 7 then '=1+1' else 'Contact ' || n end,
        '2026-11-02 10:00Z', now() from generate_series(1, 4500) as n`);
    const { file } = await download(await make({ reportType: "contacts", format: undefined }));
    const rows: string[][] = parse((await file?.text()) ?? "", { bom: true });
    expect(rows[0]).toEqual(["E-mail", "Name", "Phone", "Company", "Note", "Created", "Changed"]);
    expect(new Set(rows.slice(1).map(([email]) => email)).size).toBe(4500);
    expect(rows).toHaveLength(4501);
    expect(rows[7]?.[1]).toBe("'=1+1");
  });

  test.each([
    ["analytics", "Job"],
    ["users", "Name"],
    ["content", "Campaign"],
    ["products", "SKU"],
    ["imports", "Import"],
    ["images", "Task"],
    ["orders", "Order"],
    ["sends", "Campaign"],
    ["dead_letters", "Dead letter"],
  ])("S4-79: the list of %s can be exported", async (reportType, heading) => {
    const end = shop.engine.clock.now().toISOString().slice(0, 10);
    const id = await make({ reportType, dateRange: { start: "2020-01-01", end } });
    const report = await read(id);
    expect(report).toMatchObject({ status: "completed", format: "csv" });
    if (reportType === "analytics") expect(report.rows).toBeGreaterThan(0);
    const { file } = await download(id);
    expect((await file?.text())?.replace("\uFEFF", "").split(",")[0]).toBe(heading);
  });

  test("S4-79: each send of a campaign is exported once, across pages, and to its owner alone or an administrator", async () => {
    const [list] = await shop.rows("select id from email_lists where owner = 'operator'");
    for (const [owner, name] of [
      ["operator", "Ours"],
      ["operator", "Ours too"],
      ["ann", "Hers"],
    ])
      await shop.rows(
        `with campaign as (insert into campaigns (owner, list_id, name, subject, text, sender, created_at)
            values ($1, $2, $3, 'S', 'H', 'a@example.org', '2026-11-03Z') returning id)
          insert into campaign_sends (campaign_id, subscriber_id, batch_no, email, status, error_code)
          select id, n, 1, n || '@example.org', 'skipped', 'bounced' from campaign, generate_series(1, 2500) as n`,
        [owner, list?.["id"], name],
      );
    const exported = async (id: string) => {
      const rows: string[][] = parse((await (await download(id)).file?.text()) ?? "", { bom: true });
      return rows.slice(1);
    };
    const all = await exported(await make({ reportType: "sends" }));
    expect(all).toHaveLength(7500);
    expect(new Set(all.map(([name, email]) => `${name} ${email}`)).size).toBe(7500);
    expect(all[0]?.slice(2)).toEqual(["skipped", "", "", "", "bounced"]);

    const key = await createApiKey(shop.database.project, { name: "ann's", role: "app", owner: "ann" });
    const wish = { reportType: "sends", dateRange: NOVEMBER };
    const { body } = await shop.call("POST", "/api/reports", wish, { authorization: `Bearer ${key}` });
    await shop.engine.run(body.jobId, "generate-report");
    const hers = await exported(body.jobId);
    expect(hers).toHaveLength(2500);
    expect(hers.every(([name]) => name === "Hers")).toBe(true);
  });

  test("a campaign's report counts and lists the mails of this campaign, for its owner or an administrator", async () => {
    const [campaign] = await shop.rows(
      `with campaign as (insert into campaigns (owner, list_id, name, subject, text, sender, status, queued_at, created_at)
          select 'ann', id, 'One', 'News', 'H', 'a@example.org', 'sending', '2026-11-03Z', '2026-11-03Z'
          from email_lists where owner = 'ann' returning id)
        insert into campaign_sends (campaign_id, subscriber_id, batch_no, email, status, error_code, reported, provider_message_id)
        select id, n, 1, n || '@example.org', case when n <= 6 then 'sent' when n <= 9 then 'failed' else 'skipped' end,
          case when n > 9 then 'bounced' when n > 6 then 'invalid_recipient' end,
          case when n <= 2 then 'bounced' when n = 3 then 'complained' when n <= 6 then 'delivered' end,
          case when n <= 6 then 'm' || n end
        from campaign, generate_series(1, 10) as n returning campaign_id as id`,
    );
    await shop.rows(
      `with other as (insert into campaigns (owner, list_id, name, subject, text, sender, created_at)
          select owner, list_id, 'Other', 'S', 'H', 'a@example.org', created_at from campaigns where id = $1 returning id)
        insert into campaign_sends (campaign_id, subscriber_id, batch_no, email, status, error_code)
        select id, 1, 1, '1@example.org', 'skipped', 'bounced' from other`,
      [campaign?.["id"]],
    );
    // She left the list through the link of this campaign; the next person had left before.
    await shop.rows(
      `with person as (insert into email_subscribers (list_id, email, created_at, updated_at)
          select list_id, n || '-gone@example.org', now(), now() from campaigns, generate_series(4, 5) as n where id = $1
          returning id, list_id, email),
        known as (update campaign_sends set subscriber_id = person.id from person
          where campaign_id = $1 and campaign_sends.email = replace(person.email, '-gone', ''))
        insert into suppressions (address_hash, address, scope, list_id, reason, source, suppressed_at, created_at)
        select private.hash_of_address(email), email, 'list', list_id, 'unsubscribed', 'link',
          case when email like '4%' then '2026-11-04Z'::timestamptz else '2026-11-02Z' end, now() from person`,
      [campaign?.["id"]],
    );
    const wish = { reportType: "campaign", campaignId: campaign?.["id"], dateRange: undefined };
    const id = await make({ ...wish, format: "pdf" });
    expect(await read(id)).toMatchObject({ status: "completed", rows: 10, campaignId: campaign?.["id"] });
    const [{ figures }] = (await shop.rows("select report_snapshot($1, 100) as figures", [id])) as [
      { figures: Record<string, unknown> },
    ];
    expect(figures).toMatchObject({
      byStatus: { sent: 6, failed: 3, skipped: 1 },
      reported: { bounced: 2, complained: 1, delivered: 3 },
      reasons: [
        ["invalid_recipient", 3],
        ["bounced", 1],
      ],
      unsubscribed: 1,
    });
    const { file } = await download(await make(wish));
    expect(parse((await file?.text()) ?? "", { bom: true })).toHaveLength(11);
    // Another owner's campaign is no campaign, and a campaign's report has no days.
    const key = await createApiKey(shop.database.project, { name: "bob's", role: "app", owner: "bob" });
    const bobs = await shop.call("POST", "/api/reports", wish, { authorization: `Bearer ${key}` });
    expect(bobs).toMatchObject({ status: 404, body: { code: "not_found" } });
    const drafts = await shop.rows("select id from campaigns where name = 'Other'");
    const draft = await ask({ ...wish, campaignId: drafts[0]?.["id"] });
    expect(draft).toMatchObject({ status: 409, body: { code: "conflict" } });
    expect((await ask({ reportType: "campaign" })).status).toBe(400);
    expect((await ask({ campaignId: campaign?.["id"] })).status).toBe(400);
    expect((await ask({ dateRange: undefined })).status).toBe(400);
  });

  test("S4-79: dead letters are exported, without messages of errors", async () => {
    await shop.rows(`insert into dead_letter_queue
        (event_name, event_data, event_id, run_id, function_id, job_id, error_code, error_message, fingerprint, created_at)
      select 'a/b', '{}', id, id, 'generate-report', id, 'database_unavailable', 'secret words', 'f', '2026-11-04Z'
      from jobs where owner = 'operator' limit 3`);
    const { file } = await download(await make({ reportType: "dead_letters" }));
    const text = (await file?.text()) ?? "";
    const rows: string[][] = parse(text, { bom: true }).slice(1);
    expect(rows.map((row) => row[6])).toEqual(Array(3).fill("database_unavailable"));
    expect(text).not.toContain("secret words");
  });

  test("an export has only the rows of its owner", async () => {
    await shop.rows(`insert into products (owner, sku, created_at, updated_at)
      values ('ann', 'HERS', '2026-11-02Z', now()), ('operator', 'OURS', '2026-11-02Z', now())`);
    const key = await createApiKey(shop.database.project, { name: "ann", role: "app", owner: "ann" });
    const headers = { authorization: `Bearer ${key}` };
    const wish = { reportType: "products", dateRange: NOVEMBER };
    const { body } = await shop.call("POST", "/api/reports", wish, headers);
    await shop.engine.run(body.jobId, "generate-report");
    const text = await (await download(body.jobId)).file?.text();
    expect(text).toContain("HERS");
    expect(text).not.toContain("OURS");
  });

  test("404: of another owner can be neither read, downloaded, previewed nor revoked", async () => {
    const id = await make({ reportType: "analytics", format: "pdf" });
    const key = await createApiKey(shop.database.project, { name: "eve", role: "app", owner: "eve" });
    const headers = { authorization: `Bearer ${key}` };
    for (const [method, path] of [
      ["GET", ""],
      ["GET", "/download"],
      ["GET", "/preview"],
      ["DELETE", ""],
    ] as const)
      expect((await shop.call(method, `/api/reports/${id}${path}`, undefined, headers)).status).toBe(404);
    expect((await shop.call("GET", "/api/reports", undefined, headers)).body.items).toEqual([]);
    expect((await download(id)).status).toBe(303);
  });

  test("404: about all owners' rows is kept from other keys of the administrator's owner", async () => {
    const id = await make({ reportType: "analytics", format: "pdf" });
    const key = await createApiKey(shop.database.project, { name: "shop", role: "app", owner: "operator" });
    const headers = { authorization: `Bearer ${key}` };
    const wish = { reportType: "analytics", dateRange: NOVEMBER };
    const { body: own } = await shop.call("POST", "/api/reports", wish, headers);
    const status = async (method: string, path: string) =>
      (await shop.call(method, `/api/reports/${id}${path}`, undefined, headers)).status;
    const listed = (await shop.call("GET", "/api/reports", undefined, headers)).body.items;
    expect({
      listed: listed.map((report: { id: string }) => report.id),
      read: await status("GET", ""),
      download: await status("GET", "/download"),
      preview: await status("GET", "/preview"),
      revoke: await status("DELETE", ""),
    }).toEqual({ listed: [own.jobId], read: 404, download: 404, preview: 404, revoke: 404 });
    expect((await download(id)).status).toBe(303);
  });

  test("is downloaded at an address that is valid for a minute", async () => {
    const answer = await shop.request("GET", `/api/reports/${await make()}/download`);
    const token = new URL(answer.headers.get("location") ?? "").searchParams.get("token") ?? "";
    const { iat, exp } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    expect(exp - iat).toBe(60);
  });

  test("has a preview when it is a PDF that a function may answer with", async () => {
    const preview = async (id: string) => {
      const answer = await shop.request("GET", `/api/reports/${id}/preview`);
      return { status: answer.status, type: answer.headers.get("content-type"), text: await answer.text() };
    };
    const pdf = await make({ reportType: "content", format: "pdf" });
    expect(await preview(pdf)).toMatchObject({ status: 200, type: "application/pdf" });
    expect(await preview(await make())).toMatchObject({
      status: 409,
      text: expect.stringContaining("Only a PDF"),
    });
    await shop.rows("update reports set byte_count = 5000001 where id = $1", [pdf]);
    expect(await preview(pdf)).toMatchObject({ status: 413 });
  });

  test("requested again after it was revoked is a new job", async () => {
    const wish = { reportType: "images", dateRange: { start: "2026-10-05", end: "2026-10-06" } };
    const id = await make(wish);
    expect((await ask(wish)).body.jobId).toBe(id);
    await shop.call("DELETE", `/api/reports/${id}`);
    expect((await ask(wish)).body.jobId).not.toBe(id);
  });

  test("requested again within a minute is the same job", async () => {
    const range = { start: "2026-10-01", end: "2026-10-31" };
    const first = await ask({ dateRange: range });
    const again = await ask({ dateRange: range });
    expect(again.body.jobId).toBe(first.body.jobId);
    expect((await ask({ dateRange: range, format: "pdf" })).body.jobId).not.toBe(first.body.jobId);
    await shop.engine.advance("61s");
    expect((await ask({ dateRange: range })).body.jobId).not.toBe(first.body.jobId);
  });

  test("a delay is kept: the report is generated when it is over", async () => {
    const { body } = await ask({ reportType: "analytics", delayMs: 120_000 });
    const [{ snapshot_at: made, created_at: asked }] = await shop.engine
      .run(body.jobId, "generate-report")
      .then(() => shop.rows("select snapshot_at, created_at from reports where id = $1", [body.jobId]));
    expect(made.getTime() - asked.getTime()).toBeGreaterThanOrEqual(120_000);
  });

  test("that was deleted cannot be downloaded, and housekeeping removes its file", async () => {
    const id = await make({ reportType: "content" });
    expect((await shop.call("DELETE", `/api/reports/${id}`)).status).toBe(204);
    expect((await download(id)).status).toBe(404);
    await shop.app.keepHouse();
    expect(await shop.rows("select from storage.objects where name like $1", [`${id}%`])).toEqual([]);
    expect((await shop.call("GET", `/api/reports/${id}`)).status).toBe(404);
  });

  test("is deleted with its file after a week", async () => {
    const id = await make({ reportType: "analytics" });
    await shop.engine.advance("8d");
    await shop.app.keepHouse();
    expect((await shop.call("GET", `/api/reports/${id}`)).status).toBe(404);
    expect(await shop.rows("select from storage.objects where name like $1", [`${id}%`])).toEqual([]);
  });

  test("whose generation fails by itself is tried three times at once, then becomes a dead letter", async () => {
    await shop.rows(
      "create function public.refuse() returns trigger language plpgsql as $$ begin raise 'no'; end $$",
    );
    await shop.rows(
      "create trigger refuses before update on reports for each row execute function public.refuse()",
    );
    const { body } = await ask({
      reportType: "content",
      dateRange: { start: "2026-09-01", end: "2026-09-02" },
    });
    const askedAt = shop.engine.clock.now().getTime();
    await shop.engine.run(body.jobId, "generate-report");
    await shop.engine.idle();
    await shop.rows("drop function public.refuse cascade");
    expect(shop.engine.clock.now().getTime() - askedAt).toBeLessThan(10_000);
    expect(
      await shop.rows("select attempts, error_code from dead_letter_queue where event_id = $1", [body.jobId]),
    ).toEqual([{ attempts: 3, error_code: "internal" }]);
  });

  test.each([
    [{ dateRange: { start: "2026-11-02", end: "2026-11-01" } }, "ends before it starts"],
    [{ dateRange: { start: "0000-01-01", end: "2026-11-01" } }, "dateRange.start"],
    [{ dateRange: { start: "2026-11-01", end: "9999-12-31" } }, "dateRange.end"],
    [{ dateRange: { start: "2020-01-01", end: "2026-11-01" }, format: "pdf" }, "days"],
    [{ reportType: "contacts", format: "pdf" }, "CSV only"],
    [{ reportType: "secrets" }, "reportType"],
    [{ format: "xlsx" }, "format"],
  ])("400: the request %j is refused", async (body, words) => {
    const answer = await ask(body);
    expect(answer).toMatchObject({ status: 400, body: { code: "invalid_request" } });
    expect(answer.body.detail).toContain(words);
  });
});
