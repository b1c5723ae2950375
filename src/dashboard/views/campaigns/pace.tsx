import { lasting, rate, timeOfDay } from "#dashboard/format.ts";
import type { Campaign } from "#dashboard/types.ts";
import { remainingMs } from "#dashboard/views/campaigns/progress.ts";

/** The speed of sending, the remaining time, and the time that sending took. */
export function Pace({ campaign }: { campaign: Campaign }) {
  const { recipientsPerSecond, startedAt, endedAt, waitingUntil } = campaign;
  const left = remainingMs(campaign);
  const words: string[] = [];
  if (recipientsPerSecond !== null) words.push(`${rate(recipientsPerSecond)} recipients a second`);
  if (left !== null && left > 0) words.push(`about ${lasting(left)} left`);
  if (waitingUntil !== null) words.push(`waits until ${timeOfDay(Date.parse(waitingUntil))}`);
  if (startedAt !== null && endedAt !== null)
    words.push(`took ${lasting(Date.parse(endedAt) - Date.parse(startedAt))}`);
  return <span className="quiet small numbers">{words.join(", ")}</span>;
}
