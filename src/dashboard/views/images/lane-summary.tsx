import "#dashboard/components/card.css";
import { Numbers } from "#dashboard/components/facts.tsx";
import { lasting, share } from "#dashboard/format.ts";
import type { LaneStats } from "#dashboard/views/images/task.ts";
import "./lane-summary.css";

/** How much of the lane is used, and its success rate. */
export function LaneSummary({ stats }: { stats: LaneStats }) {
  const { atOnce, capacity, processing, retrying, waiting } = stats;
  const taken = processing + retrying;
  const inQueue = taken + waiting;
  return (
    <section className="card lane-summary" aria-label="Statistics of the lane">
      <div className="gauges">
        <div role="group" aria-label="Places" className="gauge">
          <span>
            <b>{taken}</b> of {atOnce} places
          </span>
          <span className="places" aria-hidden="true">
            {Array.from({ length: atOnce }, (_, n) => (
              <i key={n} className={n < processing ? "taken" : n < taken ? "held" : ""} />
            ))}
          </span>
        </div>
        <div role="group" aria-label="Line" className="gauge">
          <span>
            <b>{inQueue}</b> of {capacity} in the queue
          </span>
          <progress max={capacity} value={inQueue} aria-hidden="true" />
        </div>
      </div>
      <Numbers
        facts={[
          {
            name: "Success rate",
            value: stats.successRate === null ? "–" : share(stats.successRate),
            more: "in 24 hours",
          },
          {
            name: "Average time",
            value: stats.averageMs === null ? "–" : lasting(stats.averageMs),
            more: "from start to picture",
          },
        ]}
      />
    </section>
  );
}
