import { api } from "#dashboard/api.ts";
import { confirm } from "#dashboard/components/dialog.tsx";
import { scrolling } from "#dashboard/components/scrolling.ts";
import { useAction } from "#dashboard/hooks/use-action.ts";
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
  onChange: () => void;
};

/** The waiting tasks, the next one first. */
export function Line({ lane, tasks, unfinished, canClear, onChange }: LineProps) {
  return (
    <Group
      name="Waiting"
      size={tasks.length}
      actions={canClear && unfinished > 0 && <ClearQueue lane={lane} size={unfinished} onChange={onChange} />}
    >
      {tasks.length === 0 ? (
        <p className="no-tasks">No task waits.</p>
      ) : (
        <ol className="line" {...scrolling("The line")}>
          {tasks.map((task, n) => (
            <li key={task.id}>
              <span className="position numbers">{n + 1}</span>
              <span className="cut" dir="auto" title={task.prompt}>
                {task.prompt}
              </span>
              <PriorityMark priority={task.priority} />
              <CancelTask task={task} onChange={onChange} />
            </li>
          ))}
        </ol>
      )}
    </Group>
  );
}

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
