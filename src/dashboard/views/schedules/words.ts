import type { Tone } from "#dashboard/components/badge.tsx";
import type { Schedule, Tick } from "#dashboard/types.ts";

/** "2026-10-25T02:30+02:00" → "2026-10-25 02:30 +02:00". The offset distinguishes the two passes of a repeated hour. */
export const localText = (local: string): string =>
  `${local.slice(0, 10)} ${local.slice(11, 16)} ${local.slice(16)}`.trim();

const FATES: Record<Tick["fate"], { text: string; tone: Tone }> = {
  fired: { text: "ran", tone: "good" },
  merged: { text: "merged", tone: "quiet" },
  skipped: { text: "did not run", tone: "warn" },
};

export const fateOf = ({ fate }: Pick<Tick, "fate">): { text: string; tone: Tone } => FATES[fate];

/** Why the slot's work ran late or did not run; otherwise the result of a maintenance task. */
export function reasonOf({ reason, result }: Pick<Tick, "reason" | "result">): string {
  const counts =
    typeof result === "object" && result !== null
      ? Object.entries(result)
          .map(([name, count]) => `${name}: ${JSON.stringify(count)}`)
          .join(", ")
      : "";
  return [reason ?? "on time", counts].filter((text) => text !== "").join("; ");
}

export function overlapText({ overlap }: Pick<Schedule, "overlap">): string {
  if (overlap === "allow") return "runs at the same time as the earlier job";
  return overlap === "skip" ? "is skipped" : "one job waits, further slots are merged into it";
}

export function missedText({ missed }: Pick<Schedule, "missed">): string {
  if (missed === "once") return "the newest runs for all";
  return missed === "skip" ? "are skipped" : `the newest ${missed.most} run`;
}
