import type { JobChange } from "#dashboard/live.ts";
import type { Campaign } from "#dashboard/types.ts";

type Counted = Pick<Campaign, "status" | "counts" | "recipientsPerSecond" | "waitingUntil">;

/** A campaign with one of these statuses does not change by itself. */
const AT_REST: ReadonlySet<Campaign["status"]> = new Set(["draft", "completed", "canceled", "failed"]);
export const isAtRest = (status: Campaign["status"]): boolean => AT_REST.has(status);

/** How many recipients have an outcome of any kind. Without recipients, only a completed campaign is at 100 %. */
export function progressOf({ status, counts }: Pick<Campaign, "status" | "counts">) {
  const total = counts.recipients;
  const done = total - counts.pending - counts.sending;
  if (total === 0) return { done, total, percent: status === "completed" ? 100 : 0 };
  return { done, total, percent: Math.floor((done / total) * 100) };
}

/**
 * Why a campaign has no sends. A completed campaign was planned, so its list had no active subscribers. A failed or
 * canceled campaign may have ended before it was planned.
 */
export function whyNoSends(status: Campaign["status"]): string {
  if (status === "completed") return "Its list had no active subscribers";
  return isAtRest(status) ? "No sends were planned" : "No sends are planned yet";
}

/** The remaining time at the measured rate. Null when the rate is unknown or nothing is being sent. */
export function remainingMs({ status, counts, recipientsPerSecond, waitingUntil }: Counted): number | null {
  if (status !== "sending" || waitingUntil !== null) return null;
  if (recipientsPerSecond === null || recipientsPerSecond === 0) return null;
  return ((counts.pending + counts.sending) / recipientsPerSecond) * 1000;
}

/**
 * Whether the campaign must be fetched again because a job has changed: true when the job sends this campaign. A draft
 * has no job yet, so a draft is fetched again when any job begins to send a campaign.
 */
export const isNewsFor = (
  { job, before }: JobChange,
  campaign: Pick<Campaign, "jobId"> | undefined,
): boolean => (campaign?.jobId ? job.id === campaign.jobId : isSending(job) && before === undefined);

export const isSending = ({ function: name }: JobChange["job"]): boolean => name === "send-email-campaign";
