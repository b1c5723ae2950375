import type { SlackMessage } from "#lib/outside/slack.ts";
import type { DailyReport } from "#monitoring/repository.ts";

const OUTCOMES = ["completed", "failed", "canceled", "skipped"] as const;

/** The report as a Slack message: one line, and one field for each kind of work and each kind of failure. */
export function reportMessage({ day, kinds, failures, openLetters }: DailyReport): SlackMessage {
  const sum = (name: "accepted" | (typeof OUTCOMES)[number]) =>
    kinds.reduce((total, kind) => total + kind[name], 0);
  const headline =
    kinds.length === 0
      ? "no work"
      : `${sum("accepted")} jobs accepted, ${sum("completed")} completed, ${sum("failed")} failed`;
  return {
    channel: "#reports",
    severity: sum("failed") > 0 ? "warning" : "info",
    text: `Daily report for ${day}: ${headline}`,
    details: {
      ...Object.fromEntries(kinds.map((kind) => [kind.kind, words(kind)])),
      ...Object.fromEntries(
        failures.map(({ function: id, code, count }) => [`${id} failed with ${code}`, count]),
      ),
      "dead letters waiting": openLetters,
    },
  };
}

const words = (kind: DailyReport["kinds"][number]): string =>
  [
    `${kind.accepted} accepted`,
    ...OUTCOMES.filter((outcome) => kind[outcome] > 0).map((outcome) => `${kind[outcome]} ${outcome}`),
  ].join(", ");
