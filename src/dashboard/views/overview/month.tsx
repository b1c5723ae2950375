import { Card } from "#dashboard/components/card.tsx";
import { Stat, Stats } from "#dashboard/components/stat.tsx";
import { share, short } from "#dashboard/format.ts";
import { useApi } from "#dashboard/hooks/use-api.ts";
import type { CostOfMonth } from "#dashboard/types.ts";

const EVERY_MS = 60_000;

/** The usage of the month so far, and a forecast. Users see nothing here, because the API refuses them these numbers. */
export function Month() {
  const { data } = useApi<CostOfMonth>("/api/cost/month", { everyMs: EVERY_MS });
  if (data === undefined) return null;
  const { month, used, forecast } = data;
  const expected = (count: number | undefined) =>
    count === undefined ? "forecast from the second day on" : `${short(count)} expected`;
  return (
    <Card title={`Cost of ${month}`}>
      <Stats>
        <Stat name="Executions" value={short(used.executions)} more={expected(forecast?.usage.executions)} />
        <Stat name="Mails" value={short(used.mails)} more={expected(forecast?.usage.mails)} />
        {forecast && (
          <>
            <Stat
              name="Cheapest plans"
              value={forecast.cheapestUsd === null ? "on request" : `$${forecast.cheapestUsd}`}
              more="for the whole month"
            />
            <Stat
              name="First free limit"
              value={share(forecast.firstLimit.usedShare)}
              more={`of ${short(forecast.firstLimit.limit)} ${forecast.firstLimit.unit} (${forecast.firstLimit.provider})`}
              tone={forecast.firstLimit.usedShare > 1 ? "warn" : undefined}
            />
          </>
        )}
      </Stats>
    </Card>
  );
}
