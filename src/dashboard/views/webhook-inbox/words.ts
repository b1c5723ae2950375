import type { JobChange } from "#dashboard/live.ts";
import type { InboxWebhook } from "#dashboard/types.ts";

type Status = InboxWebhook["status"];

/** What each status means. */
export const MEANINGS: Readonly<Record<Status, string>> = {
  waiting: "Its job has not ended.",
  failed: "Its job has failed or was canceled.",
  applied: "It has changed our rows.",
  unchanged: "Our rows were newer already.",
  covered: "Its object was read from the provider after it had arrived.",
  ignored: "No handler knows its type.",
  unreadable:
    "It was signed, but it could not be read. In its body, a backslash is doubled; NUL and bytes above 127 are a backslash and three octal digits.",
};
export const STATUSES = Object.keys(MEANINGS);

/** The statuses that a replay can choose. */
export const REPLAYED = ["failed", "applied", "unchanged", "covered", "ignored"];

export const isOfWebhooks = ({ job }: JobChange): boolean => job.kind === "webhook";
