import { Page } from "#dashboard/components/page.tsx";
import { Empty, ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import type { Schedule } from "#dashboard/types.ts";
import type { ViewProps } from "#dashboard/views/index.ts";
import { ScheduleDetails } from "#dashboard/views/schedules/details.tsx";
import { ScheduleTable } from "#dashboard/views/schedules/tables.tsx";
import "./schedules.css";

/**
 * Work at regular times: when each schedule is due, and the outcome of its last slot. Schedules are run and paused
 * here.
 */
export function Schedules({ id }: ViewProps) {
  return id === undefined ? <ScheduleList /> : <ScheduleDetails name={id} />;
}

function ScheduleList() {
  const { data, problem, isLoading, reload } = useApi<{ items: Schedule[] }>("/api/schedules");
  return (
    <Page title="Schedules">
      {problem && <ErrorNote problem={problem} onRetry={reload} />}
      {isLoading && !data && <Loading what="Loading the schedules" />}
      {data?.items.length === 0 && (
        <Empty icon="clock" title="No schedule">
          A room declares its schedules in its room.ts.
        </Empty>
      )}
      {data && data.items.length > 0 && <ScheduleTable schedules={data.items} onChange={reload} />}
    </Page>
  );
}
