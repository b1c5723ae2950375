import { count, lasting } from "#dashboard/format.ts";
import type { Campaign } from "#dashboard/types.ts";
import { remainingMs } from "#dashboard/views/campaigns/progress.ts";

/** How fast it goes, and how long the rest takes. */
export function Pace({ campaign }: { campaign: Campaign }) {
  const { recipientsPerSecond, status, startedAt, endedAt } = campaign;
  const left = status === "sending" ? remainingMs(campaign) : null;
  return (
    <span className="quiet small numbers">
      {recipientsPerSecond !== null && `${count(Math.round(recipientsPerSecond))} recipients a second`}
      {left !== null && left > 0 && `, about ${lasting(left)} left`}
      {startedAt !== null &&
        endedAt !== null &&
        `, took ${lasting(Date.parse(endedAt) - Date.parse(startedAt))}`}
    </span>
  );
}
