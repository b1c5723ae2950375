import { Segmented } from "#dashboard/components/filters.tsx";
import { Page } from "#dashboard/components/page.tsx";
import { ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import { Processing, Retrying } from "#dashboard/views/images/at-work.tsx";
import { Canceled, Failed } from "#dashboard/views/images/ended.tsx";
import { Gallery } from "#dashboard/views/images/gallery.tsx";
import { groupTasks } from "#dashboard/views/images/grouping.ts";
import { LaneSummary } from "#dashboard/views/images/lane-summary.tsx";
import { LANES, laneOf } from "#dashboard/views/images/lanes.ts";
import { Line } from "#dashboard/views/images/line.tsx";
import { NewImage } from "#dashboard/views/images/new-image.tsx";
import { useSubmit } from "#dashboard/views/images/use-submit.ts";
import { useTasks } from "#dashboard/views/images/use-tasks.ts";
import type { ViewProps } from "#dashboard/views/index.ts";
import "./images.css";

const NORMAL = 3;
const LANE_CHOICES = LANES.map(({ name, title, atOnce }) => ({
  value: name,
  text: `${title} · ${atOnce} at once`,
}));

export function Images({ query }: ViewProps) {
  const lane = laneOf(query.get("lane"));
  const { tasks, stats, problem, isLoading, refresh } = useTasks(lane);
  const { submit, refused } = useSubmit(lane, refresh);
  const groups = groupTasks(tasks);
  const atOnce = stats?.atOnce ?? lane.atOnce;
  const free = Math.max(0, atOnce - groups.processing.length - groups.retrying.length);
  const choose = (name: string) => {
    location.hash = withQuery("#/images", { lane: name });
  };
  return (
    <Page
      title="Images"
      actions={<Segmented label="Lane" options={LANE_CHOICES} value={lane.name} onChange={choose} />}
    >
      <div className="images-top">
        <NewImage refused={refused} submit={submit} />
        {stats && <LaneSummary stats={stats} />}
      </div>
      {problem && <ErrorNote problem={problem} onRetry={refresh} />}
      {isLoading ? (
        <Loading what="Loading the queue" />
      ) : (
        <div className="images-board">
          <Line lane={lane} tasks={groups.waiting} onChange={refresh} />
          <div className="stack images-work">
            <Processing tasks={groups.processing} free={free} onChange={refresh} />
            {groups.retrying.length > 0 && <Retrying tasks={groups.retrying} onChange={refresh} />}
            {groups.failed.length > 0 && (
              <Failed tasks={groups.failed} onAgain={(prompt) => void submit([prompt], NORMAL)} />
            )}
            <Gallery tasks={groups.done} />
            {groups.canceled.length > 0 && <Canceled tasks={groups.canceled} />}
          </div>
        </div>
      )}
    </Page>
  );
}
