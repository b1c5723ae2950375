import { type ReactNode, useState } from "react";
import { TimeAgo } from "#dashboard/components/time.tsx";
import { brief } from "#dashboard/format.ts";
import { idOf, pageOf, withQuery } from "#dashboard/hooks/use-hash-route.ts";
import { Group, OF_A_DAY } from "#dashboard/views/images/group.tsx";
import type { ImageTask } from "#dashboard/views/images/task.ts";
import "./ended.css";

type TasksProps = { size: number | undefined; tasks: readonly ImageTask[] };
type FailedProps = TasksProps & { onAgain: (task: ImageTask) => void };

/** Tasks that ended without a picture, with the reason. */
export const Failed = ({ onAgain, ...shown }: FailedProps) => (
  <Ended name="Failed" {...shown}>
    {(task) => (
      <>
        <div className="grow">
          <p className="clamp" dir="auto" title={task.prompt}>
            {task.prompt}
          </p>
          <p className="small bad clamp">{task.error?.message ?? "No reason given"}</p>
          <p className="small quiet">
            {task.attempts === 1 ? "1 attempt" : `${task.attempts} attempts`},{" "}
            <TimeAgo at={task.completedAt} />
          </p>
        </div>
        <div className="row small">
          <a href={pageOf(task.jobUrl)}>Job</a>
          <a href={withQuery("#/dead-letters", { job: idOf(task.jobUrl) })}>Dead letter</a>
          <button type="button" aria-label={`Try again: ${brief(task.prompt)}`} onClick={() => onAgain(task)}>
            Try again
          </button>
        </div>
      </>
    )}
  </Ended>
);

export const Canceled = (shown: TasksProps) => (
  <Ended name="Canceled" {...shown}>
    {(task) => (
      <>
        <span className="cut quiet grow" dir="auto" title={task.prompt}>
          {task.prompt}
        </span>
        <span className="small quiet">
          {task.status === "skipped" && "missed its deadline, "}
          {task.state === "canceling" && "still being drawn, "}
          <TimeAgo at={task.completedAt} />
        </span>
      </>
    )}
  </Ended>
);

type EndedProps = TasksProps & { name: string; children: (task: ImageTask) => ReactNode };

/** How many ended tasks are shown at first, so that the pictures stay visible. A button shows the others. */
const LATEST = 3;

function Ended({ name, size, tasks, children }: EndedProps) {
  const [isAll, setIsAll] = useState(false);
  const toggle = tasks.length > LATEST && (
    <button type="button" className="plain" aria-expanded={isAll} onClick={() => setIsAll(!isAll)}>
      {isAll ? "Show the latest" : "Show all"}
    </button>
  );
  return (
    <Group name={name} size={size} hint={OF_A_DAY} actions={toggle}>
      <ul className="ended">
        {tasks.slice(0, isAll ? tasks.length : LATEST).map((task) => (
          <li key={task.id}>{children(task)}</li>
        ))}
      </ul>
    </Group>
  );
}
