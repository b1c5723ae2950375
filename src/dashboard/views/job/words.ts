/** The labels of the entries in a job's timeline. */

import type { Tone } from "#dashboard/components/badge.tsx";
import type { IconName } from "#dashboard/components/icon.tsx";

type Word = { text: string; icon: IconName; tone: Tone };

const WORDS: Record<string, Word> = {
  accepted: { text: "Accepted", icon: "inbox", tone: "quiet" },
  released: { text: "Released", icon: "clock", tone: "quiet" },
  paused: { text: "Held by a pause", icon: "stop", tone: "warn" },
  sent: { text: "Sent to the engine", icon: "external", tone: "quiet" },
  running: { text: "Started", icon: "play", tone: "info" },
  retrying: { text: "Retried", icon: "retry", tone: "warn" },
  attempt: { text: "Attempt begins", icon: "play", tone: "info" },
  waiting: { text: "Waiting for its retry", icon: "clock", tone: "warn" },
  run_ended: { text: "Run ended", icon: "stop", tone: "quiet" },
  completed: { text: "Completed", icon: "check", tone: "good" },
  failed: { text: "Failed", icon: "alert", tone: "bad" },
  canceled: { text: "Canceled", icon: "close", tone: "quiet" },
  skipped: { text: "Skipped", icon: "close", tone: "quiet" },
  run_again: { text: "Run again", icon: "retry", tone: "info" },
  reprocessed: { text: "Reprocessed", icon: "retry", tone: "info" },
};

export const wordFor = (type: string): Word => WORDS[type] ?? { text: type, icon: "clock", tone: "quiet" };
