import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { mailFunctions } from "#mail/functions.ts";
import { reportFunctions } from "#reports/functions.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

let shop: Workshop;
beforeAll(async () => {
  shop = await workshop({
    functions: (platform) => [...reportFunctions(platform), ...mailFunctions(platform)],
    env: { RESEND_BASE_URL: "http://mail.local", RESEND_API_KEY: "re_test" },
  });
});
afterAll(() => shop.close());

const record = z.object({ messages: z.array(z.object({ to: z.array(z.string()), subject: z.string() })) });
const mails = async () => {
  const answer = await shop.mail.fetch(new Request("http://mail.local/_control/messages"));
  return record.parse(await answer.json()).messages;
};
const make = async (day: string) => {
  const dateRange = { start: day, end: day };
  const { body } = await shop.call("POST", "/api/reports", { reportType: "users", format: "csv", dateRange });
  await shop.engine.run(body.jobId, "generate-report");
  await shop.app.keepHouse();
  await shop.engine.waitFor(
    async () => (await shop.rows("select from jobs where status in ('queued', 'running')")).length === 0,
    { within: "1d" },
  );
  return body.jobId as string;
};
const prefer = (email: string | null) => shop.call("PUT", "/api/notifications/preferences", { email });

test("S4-81: a finished report is told in the product, and mailed once to who prefers that", async () => {
  await make("2026-11-01");
  expect(await mails()).toEqual([]);

  expect((await prefer("ada@example.com")).body).toEqual({ email: "ada@example.com" });
  const reportId = await make("2026-11-02");
  expect(await mails()).toMatchObject([{ to: ["ada@example.com"], subject: "Your report is ready" }]);
  expect(
    await shop.rows("select count(*)::int from notifications where data ->> 'reportId' = $1", [reportId]),
  ).toEqual([{ count: 1 }]);
  // The run's step is repeated, as after a lost answer.
  await shop.rows("select notify('operator', 'report_ready', '{}', $1, now())", [`report:${reportId}`]);
  expect(await shop.rows("select count(*)::int from mails")).toEqual([{ count: 1 }]);

  await prefer(null);
  await make("2026-11-03");
  expect(await mails()).toHaveLength(1);
});

test("a notification of an app's own, with the type of a mailed one but without its fields, makes no mail", async () => {
  await prefer("ada@example.com");
  const [before] = await shop.rows("select count(*)::int from mails");
  for (const [type, data] of [
    ["report_ready", { report: 1 }],
    ["report_ready", { downloadUrl: 1 }],
    ["WEBHOOK_DISABLED", { url: "https://example.com" }],
  ]) {
    await shop.rows("select notify('operator', $1, $2, null, now())", [type, data]);
  }
  expect(await shop.rows("select count(*)::int from mails")).toEqual([before]);
});

test("400: a preference needs one address", async () => {
  expect((await prefer("nobody")).status).toBe(400);
});
