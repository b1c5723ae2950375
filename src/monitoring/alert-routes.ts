import { z } from "zod";
import { AppError } from "#lib/errors.ts";
import { pageQuery, toPage } from "#lib/http/pages.ts";
import { idParams, json, ownerOf, type Route, route } from "#lib/http/route.ts";
import { headlineOf, runbookOf } from "#monitoring/alert-text.ts";
import {
  ALERT_STATUSES,
  type Alert,
  type AlertsRepository,
  openCounts,
} from "#monitoring/alerts-repository.ts";

type Dependencies = {
  env: { RUNBOOKS_URL?: string | undefined };
  alerts: Pick<AlertsRepository, "list" | "countOpen" | "acknowledge">;
};

const time = z.string().nullable();
export const alertView = z.object({
  id: z.string(),
  rule: z.string(),
  /** A class such as P1, or a kind of work; empty: the whole installation. */
  subject: z.string(),
  severity: z.enum(["warning", "error"]),
  status: z.enum(ALERT_STATUSES),
  headline: z.string(),
  value: z.number(),
  threshold: z.number(),
  /** The SQL that finds the rows behind the alert. */
  query: z.string(),
  /** The first three rows that the query finds. */
  offenders: z.record(z.string(), z.json()).array(),
  runbook: z.string(),
  openedAt: z.string(),
  /** When the monitor last found the problem. */
  seenAt: z.string(),
  reminders: z.number(),
  acknowledgedAt: time,
  acknowledgedBy: z.string().nullable(),
  resolvedAt: time,
});
z.globalRegistry.add(alertView, { id: "Alert" });

export function alertRoutes({ env, alerts }: Dependencies): Route[] {
  const toView = (alert: Alert): z.output<typeof alertView> => ({
    id: alert.id,
    rule: alert.rule,
    subject: alert.subject,
    severity: alert.severity,
    status: alert.status,
    headline: headlineOf(alert),
    value: alert.value,
    threshold: alert.threshold,
    query: alert.query,
    offenders: alert.offenders,
    runbook: runbookOf(alert.rule, env.RUNBOOKS_URL),
    openedAt: alert.opened_at,
    seenAt: alert.seen_at,
    reminders: alert.reminder_count,
    acknowledgedAt: alert.acknowledged_at,
    acknowledgedBy: alert.acknowledged_by,
    resolvedAt: alert.resolved_at,
  });
  return [
    route({
      method: "GET",
      path: "/api/alerts",
      policy: "admin",
      summary: "What is or was wrong with the installation, newest first",
      query: z.object({ ...pageQuery, status: z.enum(ALERT_STATUSES).optional() }),
      responses: {
        200: z.object({
          items: z.array(alertView),
          nextCursor: z.string().nullable(),
        }),
      },
      handler: async ({ query: { limit, cursor, status } }) => {
        const rows = await alerts.list(status, limit, cursor);
        const page = toPage(rows, limit, ({ opened_at: at, id }) => ({ at, id }));
        return json(200, { ...page, items: page.items.map(toView) });
      },
    }),
    route({
      method: "GET",
      path: "/api/open",
      policy: "user",
      summary:
        "How much is open: dead letters and alerts (for administrators), imports and campaigns under way",
      responses: { 200: openCounts },
      handler: async ({ requester }) => json(200, await alerts.countOpen(ownerOf(requester))),
    }),
    route({
      method: "POST",
      path: "/api/alerts/:id/acknowledge",
      policy: "admin",
      summary:
        "Say that a person takes care of an alert: it is not repeated, but a last message says when it is over",
      params: idParams,
      responses: { 200: alertView },
      handler: async ({ params, requester }) => {
        const alert = await alerts.acknowledge(params.id, requester.id);
        if (alert === undefined) throw new AppError("not_found", "No alert has this id");
        return json(200, toView(alert));
      },
    }),
  ];
}
