import "./badge.css";

export type Tone = "good" | "bad" | "warn" | "info" | "quiet";

const TONES: Record<string, Tone> = {
  queued: "warn",
  pending: "warn",
  waiting: "warn",
  held: "quiet",
  paused: "warn",
  draft: "quiet",
  running: "info",
  processing: "info",
  sending: "info",
  retrying: "warn",
  undoing: "info",
  completed: "good",
  applied: "good",
  sent: "good",
  delivered: "good",
  enabled: "good",
  failing: "warn",
  reprocessed: "good",
  blocked: "bad",
  failed: "bad",
  unknown: "bad",
  unreadable: "bad",
};
const MOVING = new Set(["running", "processing", "sending", "undoing"]);
const HOLLOW = new Set([
  "queued",
  "pending",
  "waiting",
  "held",
  "paused",
  "draft",
  "canceled",
  "skipped",
  "ignored",
  "undone",
]);

export const toneOf = (status: string): Tone => TONES[status] ?? "quiet";

/** A status as a word and a color. The word is always there, because some people cannot see the color. */
export function Badge({
  status,
  tone = toneOf(status),
  children,
}: {
  status: string;
  tone?: Tone | undefined;
  children?: string;
}) {
  const shape = MOVING.has(status) ? "moving" : HOLLOW.has(status) ? "hollow" : "";
  return <span className={`badge tone-${tone} ${shape}`}>{children ?? status}</span>;
}
