/** How often the provider gave each HTTP status. */
export type ByStatus = Readonly<Record<string, number>>;

/** What the mail provider and Slack's stand-in have counted. */
export type Totals = { byStatus: ByStatus; alerts: number };

/** What was counted between two readings. */
export const totalsBetween = (before: Totals, after: Totals): Totals => ({
  byStatus: Object.fromEntries(
    Object.entries(after.byStatus).map(([status, count]) => [status, count - (before.byStatus[status] ?? 0)]),
  ),
  alerts: after.alerts - before.alerts,
});
