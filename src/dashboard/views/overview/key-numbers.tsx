import { Stat, Stats } from "#dashboard/components/stat.tsx";
import { lasting, lastMinutes, share, short } from "#dashboard/format.ts";
import type { JobStats } from "#dashboard/types.ts";
import { promisesOf } from "#dashboard/views/overview/promises.ts";

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);

export function KeyNumbers({ stats: { classes, perMinute, failureRate, retryRate } }: { stats: JobStats }) {
  const waiting = sum(classes.map((one) => one.waiting));
  const oldest = Math.max(0, ...classes.map(({ oldestWaitingMs }) => oldestWaitingMs ?? 0));
  const completed = perMinute.map((minute) => minute.completed);
  const { begunOrLate, keptShare } = promisesOf(classes);
  return (
    <Stats>
      <Stat
        name="Waiting"
        value={short(waiting)}
        href="#/jobs?status=queued"
        more={waiting === 0 ? "no job waits" : `the oldest for ${lasting(oldest)}`}
      />
      <Stat
        name="Running"
        href="#/jobs?status=running"
        value={short(sum(classes.map((one) => one.running)))}
        more="at this moment"
      />
      <Stat
        name="Completed"
        href="#/jobs?status=completed&period=last+hour"
        value={short(sum(completed))}
        more={lastMinutes(perMinute.length)}
      />
      <Stat
        name="Promises kept"
        value={shareOf(keptShare)}
        more={`of ${short(begunOrLate)} begun or late`}
        tone={(keptShare ?? 1) < 0.99 ? "warn" : undefined}
      />
      <Stat
        name="Failed"
        href="#/jobs?status=failed&period=last+hour"
        value={shareOf(failureRate)}
        more="of what ended"
        tone={(failureRate ?? 0) > 0.05 ? "bad" : undefined}
      />
      <Stat name="Retried" value={shareOf(retryRate)} more="of all attempts" />
    </Stats>
  );
}

const shareOf = (value: number | null) => (value === null ? "–" : share(value));
