import { useMemo } from "react";
import { Card } from "#dashboard/components/card.tsx";
import { Plot, type Series } from "#dashboard/components/plot.tsx";
import { lastMinutes } from "#dashboard/format.ts";
import type { JobStats } from "#dashboard/types.ts";

type Minute = JobStats["perMinute"][number];

/**
 * Accepted jobs, ended jobs, and failures in the last sixty minutes. When there are very many jobs, the period is
 * shorter.
 */
export function LastHour({ perMinute }: Pick<JobStats, "perMinute">) {
  const { times, flow, trouble } = useMemo(() => {
    const valuesOf = (pick: (minute: Minute) => number) => perMinute.map(pick);
    const flow: Series[] = [
      { name: "Completed", tone: "good", shape: "area", values: valuesOf(({ completed }) => completed) },
      { name: "Accepted", tone: "info", shape: "line", values: valuesOf(({ accepted }) => accepted) },
    ];
    const trouble: Series[] = [
      { name: "Retried", tone: "warn", shape: "bars", values: valuesOf(({ retried }) => retried) },
      { name: "Failed", tone: "bad", shape: "bars", values: valuesOf(({ failed }) => failed) },
    ];
    return { times: perMinute.map(({ at }) => Date.parse(at)), flow, trouble };
  }, [perMinute]);
  return (
    <div className="halves">
      <Card title="Jobs a minute">
        <Plot
          label={`Jobs accepted and completed per minute ${lastMinutes(perMinute.length)}`}
          times={times}
          series={flow}
        />
      </Card>
      <Card title="Retries and failures a minute">
        <Plot
          label={`Retries and failures per minute ${lastMinutes(perMinute.length)}`}
          times={times}
          series={trouble}
        />
      </Card>
    </div>
  );
}
