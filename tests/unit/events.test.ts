import { expect, test } from "vitest";
import { generateReportRequested, sendCampaignRequested } from "../../src/events.ts";

const isValid = ({ schema }: { schema: { safeParse(data: unknown): { success: boolean } } }, data: unknown) =>
  schema.safeParse(data).success;
const campaignId = "0d4f8f0e-8a3f-4d2a-9d52-0f6f3f3f0a11";
const dateRange = { start: "2026-11-01", end: "2026-11-30" };

test("S4-21: email/send.campaign has a typed payload: the id of its campaign", () => {
  const event = sendCampaignRequested.create({ campaignId });
  expect(event).toMatchObject({ name: "email/send.campaign", data: { campaignId } });
  expect(isValid(sendCampaignRequested, { campaignId })).toBe(true);
  expect(isValid(sendCampaignRequested, { campaignId: "autumn" })).toBe(false);
  // @ts-expect-error A campaign is required.
  sendCampaignRequested.create({});
});

test("S4-21: report/generate has a typed payload: the type of the report, its days and its reader", () => {
  const event = generateReportRequested.create({ reportType: "users", dateRange, userId: "ann" });
  expect(event).toMatchObject({
    name: "report/generate",
    data: { reportType: "users", dateRange, userId: "ann" },
  });
  for (const reportType of ["analytics", "users", "content"])
    expect(isValid(generateReportRequested, { reportType, dateRange, userId: "ann" })).toBe(true);
  for (const wrong of [
    { reportType: "secrets" },
    { dateRange: { start: "2026-11-01" } },
    { userId: undefined },
  ])
    expect(
      isValid(generateReportRequested, { reportType: "users", dateRange, userId: "ann", ...wrong }),
    ).toBe(false);
  // @ts-expect-error There is no such report.
  generateReportRequested.create({ reportType: "secrets", dateRange, userId: "ann" });
});
