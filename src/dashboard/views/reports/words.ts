import type { JobChange } from "#dashboard/live.ts";
import type { Report } from "#dashboard/types.ts";

export const TYPES = [
  { value: "analytics", text: "Analytics" },
  { value: "users", text: "Users" },
  { value: "content", text: "Content" },
] as const satisfies readonly { value: Report["reportType"]; text: string }[];

/** Lists that exist only as CSV. */
export const LISTS = [
  { value: "contacts", text: "Contacts" },
  { value: "products", text: "Products" },
  { value: "imports", text: "Imports" },
  { value: "images", text: "Images" },
  { value: "orders", text: "Orders" },
  { value: "sends", text: "Sends of campaigns" },
  { value: "dead_letters", text: "Dead letters" },
] as const satisfies readonly { value: Report["reportType"]; text: string }[];

/** This type is not offered on the page of reports, because the campaign's own page has a button for this report. */
const CAMPAIGN = { value: "campaign", text: "Campaign" } as const;

export const typeText = (type: unknown): string =>
  [...TYPES, ...LISTS, CAMPAIGN].find(({ value }) => value === type)?.text ?? String(type);

/** "Users, 2026-11-01 to 2026-11-30". */
export function titleOf({ reportType, dateRange: { start, end } }: Pick<Report, "reportType" | "dateRange">) {
  const type = typeText(reportType);
  return start === end ? `${type}, ${start}` : `${type}, ${start} to ${end}`;
}

export const isOfReports = ({ job }: JobChange): boolean => job.function === "generate-report";

export const isBeingMade = ({ status }: Pick<Report, "status">): boolean =>
  status === "queued" || status === "running";

/** The text of the report's badge. */
export const stateOf = ({ status, revokedAt }: Pick<Report, "status" | "revokedAt">): string =>
  revokedAt === null ? status : "revoked";

/** `day(-29)` is the day 29 days ago, in UTC, as reports count days. */
export const day = (distance: number, now = Date.now()): string =>
  new Date(now + distance * 86_400_000).toISOString().slice(0, 10);
