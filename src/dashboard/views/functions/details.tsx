import { useMemo } from "react";
import { Badge } from "#dashboard/components/badge.tsx";
import { Card } from "#dashboard/components/card.tsx";
import { Note } from "#dashboard/components/note.tsx";
import { Page } from "#dashboard/components/page.tsx";
import { Plot, type Series } from "#dashboard/components/plot.tsx";
import { Stat, Stats } from "#dashboard/components/stat.tsx";
import { ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { TimeAgo } from "#dashboard/components/time.tsx";
import { atLeast, lasting, share, short } from "#dashboard/format.ts";
import { useApi } from "#dashboard/hooks/use-api.ts";
import type { ActivityDetails } from "#dashboard/types.ts";
import { Failures } from "./failures.tsx";
import { PauseButton } from "./pause-button.tsx";

export function FunctionDetails({ id }: { id: string }) {
  const { data, problem, isLoading, reload } = useApi<ActivityDetails>(`/api/functions/${id}`, {
    isNews: ({ job, before }) => job.function === id && job.status !== before?.status,
  });
  return (
    <Page
      title={id}
      back={{ href: "#/functions", text: "All functions" }}
      beside={data?.paused && <Badge status="paused" />}
      actions={data && <PauseButton activity={data} onChange={reload} />}
    >
      {problem && <ErrorNote problem={problem} onRetry={reload} />}
      {isLoading && !data && <Loading rows={6} what="Loading the function" />}
      {data && <Body activity={data} />}
    </Page>
  );
}

function Body({ activity }: { activity: ActivityDetails }) {
  const { function: id, summary, paused, perHour } = activity;
  const { times, series } = useMemo(() => {
    const all: Series[] = [
      { name: "Completed", tone: "good", shape: "area", values: perHour.map(({ completed }) => completed) },
      { name: "Failed", tone: "bad", shape: "bars", values: perHour.map(({ failed }) => failed) },
    ];
    return { times: perHour.map(({ at }) => Date.parse(at)), series: all };
  }, [perHour]);
  return (
    <>
      {summary !== null && <p className="quiet">{summary}.</p>}
      {paused !== null && (
        <Note tone="warn" icon="stop">
          <strong>Paused by {paused.by}</strong> <TimeAgo at={paused.at} />: new jobs wait until it is
          resumed.
        </Note>
      )}
      <KeyNumbers activity={activity} />
      <Card
        title="Jobs an hour"
        actions={
          <a className="small" href={`#/jobs?function=${id}`}>
            All its jobs
          </a>
        }
      >
        <Plot label="Jobs that ended in each of the last 24 hours" times={times} series={series} />
        {perHour.some(({ isMore }) => isMore) && (
          <p className="small quiet">Of an hour with more than 10,000 jobs, the newest 10,000 are counted.</p>
        )}
      </Card>
      <Failures functionId={id} />
    </>
  );
}

function KeyNumbers({
  activity: { function: id, waiting, running, lastHour, lastDay, p50Ms, p95Ms },
}: {
  activity: ActivityDetails;
}) {
  const rate = lastDay.failureRate;
  return (
    <Stats>
      <Stat
        name="Waiting"
        href={`#/jobs?function=${id}&status=queued`}
        value={short(waiting)}
        more={`${short(running)} running`}
      />
      <Stat
        name="Started"
        value={atLeast(lastDay.started, lastDay.isMore)}
        more={`in the last day; ${atLeast(lastHour.started, lastHour.isMore)} in the last hour`}
      />
      <Stat
        name="Completed"
        value={atLeast(lastDay.completed, lastDay.isMore)}
        more={`in the last day; ${atLeast(lastHour.completed, lastHour.isMore)} in the last hour`}
      />
      <Stat
        name="Failed"
        href={`#/jobs?function=${id}&status=failed`}
        value={atLeast(lastDay.failed, lastDay.isMore)}
        more={rate === null ? "in the last day" : `${share(rate)} of what ended in the last day`}
        tone={(rate ?? 0) > 0.05 ? "bad" : undefined}
      />
      <Stat
        name="Takes"
        value={p50Ms === null ? "–" : lasting(p50Ms)}
        more={p95Ms === null ? "nothing completed in the last day" : `one in twenty above ${lasting(p95Ms)}`}
      />
    </Stats>
  );
}
