import { ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { Processing, Retrying } from "#dashboard/views/images/at-work.tsx";
import { Canceled, Failed } from "#dashboard/views/images/ended.tsx";
import { Gallery } from "#dashboard/views/images/gallery.tsx";
import { type Groups, groupTasks, placesOf } from "#dashboard/views/images/grouping.ts";
import { LaneSummary } from "#dashboard/views/images/lane-summary.tsx";
import type { Lane } from "#dashboard/views/images/lanes.ts";
import { Line } from "#dashboard/views/images/line.tsx";
import { NewImage } from "#dashboard/views/images/new-image.tsx";
import type { ImageTask, LaneStats } from "#dashboard/views/images/task.ts";
import { useSubmit } from "#dashboard/views/images/use-submit.ts";
import { useTasks } from "#dashboard/views/images/use-tasks.ts";

/** One lane: the form, waiting tasks, tasks in progress, and results. */
export function LaneBoard({ lane }: { lane: Lane }) {
  const { tasks, stats, problem, refresh } = useTasks(lane);
  const { submit, refused, submitRefused } = useSubmit(lane, refresh);
  return (
    <>
      <div className="images-top">
        <NewImage {...{ refused, submit, submitRefused }} />
        {stats && <LaneSummary stats={stats} />}
      </div>
      {problem && <ErrorNote problem={problem} onRetry={refresh} />}
      {tasks === undefined && problem === undefined && <Loading what="Loading the queue" />}
      {tasks && (
        <Board
          lane={lane}
          groups={groupTasks(tasks.values())}
          ended={stats?.visible}
          atOnce={stats?.atOnce ?? lane.atOnce}
          stats={stats}
          onChange={refresh}
          onAgain={(task) => void submit([task])}
        />
      )}
    </>
  );
}

type BoardProps = RestProps & { lane: Lane; stats: LaneStats | undefined };

function Board({ lane, stats, ...rest }: BoardProps) {
  const { groups, atOnce, onChange } = rest;
  // Administrators alone may clear the lane, and they alone see the tasks of all owners.
  const isOwnOnly = stats?.canClear === false;
  const { taken, free } = placesOf(groups, atOnce, isOwnOnly ? stats : undefined);
  return (
    <div className="images-board">
      <Line
        lane={lane}
        tasks={groups.waiting}
        unfinished={taken + groups.waiting.length}
        canClear={stats?.canClear === true}
        isOwnOnly={isOwnOnly}
        onChange={onChange}
      />
      <div className="stack images-work">
        <Processing tasks={groups.processing} atOnce={atOnce} free={free} onChange={onChange} />
        <Rest {...rest} />
      </div>
    </div>
  );
}

type RestProps = {
  groups: Groups;
  /**
   * How many tasks of each status ended in 24 hours, because the groups show only the newest. Undefined until the first
   * answer.
   */
  ended: LaneStats["visible"] | undefined;
  atOnce: number;
  onChange: () => void;
  onAgain: (task: ImageTask) => void;
};

/** Groups that are usually empty. Each is shown only while it has tasks. */
const Rest = ({
  groups: { retrying, failed, done, canceled },
  ended,
  atOnce,
  onChange,
  onAgain,
}: RestProps) => (
  <>
    {retrying.length > 0 && <Retrying tasks={retrying} atOnce={atOnce} onChange={onChange} />}
    {failed.length > 0 && <Failed size={ended?.failed} tasks={failed} onAgain={onAgain} />}
    <Gallery size={ended?.completed} tasks={done} />
    {canceled.length > 0 && <Canceled size={ended?.canceled} tasks={canceled} />}
  </>
);
