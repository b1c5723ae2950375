import { Badge } from "#dashboard/components/badge.tsx";
import { Card } from "#dashboard/components/card.tsx";
import { type Fact, Facts } from "#dashboard/components/facts.tsx";
import { Note } from "#dashboard/components/note.tsx";
import { Page } from "#dashboard/components/page.tsx";
import { ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { TimeAgo } from "#dashboard/components/time.tsx";
import { lasting } from "#dashboard/format.ts";
import { useApi } from "#dashboard/hooks/use-api.ts";
import type { ScheduleDetails as Details } from "#dashboard/types.ts";
import { ScheduleActions } from "./actions.tsx";
import { TickTable } from "./tables.tsx";
import { localText, missedText, overlapText } from "./words.ts";

export function ScheduleDetails({ name }: { name: string }) {
  const { data, problem, isLoading, reload } = useApi<Details>(`/api/schedules/${name}`, {
    isNews: ({ job }, shown) => shown?.ticks.some(({ jobUrl }) => jobUrl?.endsWith(job.id)) === true,
  });
  return (
    <Page
      title={name}
      back={{ href: "#/schedules", text: "All schedules" }}
      beside={data?.paused && <Badge status="held">paused</Badge>}
      actions={data && <ScheduleActions schedule={data} onChange={reload} />}
    >
      {problem && <ErrorNote problem={problem} onRetry={reload} />}
      {isLoading && !data && <Loading />}
      {data && (
        <>
          {data.paused !== null && (
            <Note tone="warn" icon="stop">
              <strong>Paused by {data.paused.by}</strong> <TimeAgo at={data.paused.at} />: its slots are
              skipped until it is resumed.
            </Note>
          )}
          {data.warnings.map((warning) => (
            <Note key={warning} tone="warn" icon="clock">
              {warning}
            </Note>
          ))}
          <Card>
            <Facts facts={factsOf(data)} />
          </Card>
          <Card title={`Next ${data.nextTimes.length} times`}>
            <ol className="next-times numbers">
              {data.nextTimes.map(({ at, local }) => (
                <li key={at}>{localText(local)}</li>
              ))}
            </ol>
          </Card>
          <Card title="Last slots" flush>
            {data.ticks.length === 0 ? (
              <p className="quiet none">No slot has come yet.</p>
            ) : (
              <TickTable ticks={data.ticks} />
            )}
          </Card>
        </>
      )}
    </Page>
  );
}

function factsOf(schedule: Details): Fact[] {
  const { summary, cron, timeZone, functionId, jitterMs, excludedDays, changed } = schedule;
  const facts: Fact[] = [
    { name: "What it does", value: summary },
    {
      name: "When",
      value: (
        <>
          <code>{cron}</code> in {timeZone}
        </>
      ),
    },
    { name: "Runs", value: functionId === null ? "in the database" : <code>{functionId}</code> },
    { name: "While a job is under way", value: overlapText(schedule) },
    { name: "Missed slots", value: missedText(schedule) },
  ];
  if (changed !== null) {
    const value = `${changed.declaredCron} in ${changed.declaredTimeZone}; changed by ${changed.by}`;
    facts.splice(2, 0, { name: "Declared as", value });
  }
  if (jitterMs > 0) facts.push({ name: "Waits up to", value: lasting(jitterMs) });
  if (excludedDays.length > 0) facts.push({ name: "Not on", value: excludedDays.join(", ") });
  return facts;
}
