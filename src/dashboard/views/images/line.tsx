import { api } from "#dashboard/api.ts";
import { confirm } from "#dashboard/components/dialog.tsx";
import { scrolling } from "#dashboard/components/scrolling.ts";
import { useAction } from "#dashboard/hooks/use-action.ts";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import type { PageOf } from "#dashboard/types.ts";
import { CancelTask } from "#dashboard/views/images/cancel-task.tsx";
import { Group } from "#dashboard/views/images/group.tsx";
import type { Lane } from "#dashboard/views/images/lanes.ts";
import { PriorityMark } from "#dashboard/views/images/priority-mark.tsx";
import type { ImageTask } from "#dashboard/views/images/task.ts";
import "./line.css";

type LineProps = {
  lane: Lane;
  tasks: readonly ImageTask[];
  unfinished: number;
  /** Only administrators may clear the lane. */
  canClear: boolean;
  /** Whether the tasks are those of one owner, and tasks of other owners may wait between them. */
  isOwnOnly: boolean;
  onChange: () => void;
};

/** The waiting tasks, the next one first. */
export function Line({ lane, tasks, unfinished, canClear, isOwnOnly, onChange }: LineProps) {
  return (
    <Group
      name="Waiting"
      size={tasks.length}
      actions={canClear && unfinished > 0 && <ClearQueue lane={lane} size={unfinished} onChange={onChange} />}
    >
      {tasks.length === 0 ? (
        <p className="no-tasks">No task waits.</p>
      ) : isOwnOnly ? (
        <OwnTasks lane={lane} tasks={tasks} onChange={onChange} />
      ) : (
        <Tasks tasks={tasks} positionOf={(_task, n) => n + 1} onChange={onChange} />
      )}
    </Group>
  );
}

type OwnProps = Pick<LineProps, "tasks" | "onChange">;

/** The positions are polled, because the stream sends no changes of other owners' tasks. */
const POSITIONS_MS = 5000;

function OwnTasks({ lane, ...own }: OwnProps & { lane: Lane }) {
  const path = withQuery("/api/tasks", { lane: lane.name, status: "pending", limit: "100" });
  const { data } = useApi<PageOf<ImageTask>>(path, {
    isNews: ({ job }) => job.function === "generate-image",
    everyMs: POSITIONS_MS,
  });
  const positions = new Map(data?.items.map(({ id, position }) => [id, position]));
  return <Tasks {...own} positionOf={({ id }) => positions.get(id) ?? null} />;
}

type TasksProps = OwnProps & { positionOf: (task: ImageTask, n: number) => number | null };

const Tasks = ({ tasks, positionOf, onChange }: TasksProps) => (
  <ol className="line" {...scrolling("The line")}>
    {tasks.map((task, n) => (
      <li key={task.id}>
        <span className="position numbers">{positionOf(task, n)}</span>
        <span className="cut" dir="auto" title={task.prompt}>
          {task.prompt}
        </span>
        <PriorityMark priority={task.priority} />
        <CancelTask task={task} onChange={onChange} />
      </li>
    ))}
  </ol>
);

function ClearQueue({ lane, size, onChange }: { lane: Lane; size: number; onChange: () => void }) {
  const { run, isBusy } = useAction(async () => {
    const answer = await confirm({
      title: "Clear the queue?",
      text: `This cancels everything that is unfinished in this lane: ${size === 1 ? "one image" : `${size} images`}.`,
      yes: "Clear it",
      tone: "danger",
    });
    if (answer === null) return;
    await api.post("/api/clear-queue", { lane: lane.name });
    onChange();
  });
  return (
    <button type="button" className="plain" aria-disabled={isBusy} onClick={() => run()}>
      Clear the queue
    </button>
  );
}
