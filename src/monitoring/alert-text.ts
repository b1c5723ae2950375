import type { SlackMessage } from "#lib/outside/slack.ts";
import type { Alert } from "#monitoring/alerts-repository.ts";
import { ruleOf } from "#monitoring/thresholds.ts";

/** The address of a rule's runbook: a file of this repository, at the address where people read it. */
export const runbookOf = (rule: string, base: string | undefined): string =>
  `${base === undefined ? "" : `${base.replace(/\/$/, "")}/`}docs/runbooks/${rule}.md`;

/** One line: what is wrong, and the number. */
export function headlineOf({
  rule,
  subject,
  value,
  threshold,
}: Pick<Alert, "rule" | "subject" | "value" | "threshold">) {
  const { title, unit } = ruleOf(rule);
  const about = subject === "" ? title : `${title} (${subject})`;
  return `${about}: ${inWords(value, unit)}, the limit is ${inWords(threshold, unit)}`;
}

const PREFIX = { opened: "", reminded: "Still: ", resolved: "Resolved: " } as const;

/** S4-78: the Slack message when an alert begins, continues or ends. */
export function alertMessage(alert: Alert, runbooks: string | undefined): SlackMessage {
  const what = alert.untold ?? "opened";
  return {
    channel: "#alerts",
    severity: what === "resolved" ? "info" : alert.severity,
    text: `${PREFIX[what]}${headlineOf(alert)}`,
    details: {
      since: alert.opened_at,
      ...Object.fromEntries(alert.offenders.map((row, n) => [`offender ${n + 1}`, JSON.stringify(row)])),
      query: alert.query,
      runbook: runbookOf(alert.rule, runbooks),
    },
  };
}

function inWords(value: number, unit: ReturnType<typeof ruleOf>["unit"]): string {
  switch (unit) {
    case "share":
      return `${round(value * 100)} %`;
    case "times":
      return `${round(value)} times what is allowed`;
    default:
      return `${round(value)} ${unit}`;
  }
}

const round = (value: number): string =>
  new Intl.NumberFormat("en-US", { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
