import { useState } from "react";
import { TimeAgo } from "#dashboard/components/time.tsx";
import { pageOf, withQuery } from "#dashboard/hooks/use-hash-route.ts";
import { Group } from "#dashboard/views/images/group.tsx";
import type { ImageTask } from "#dashboard/views/images/task.ts";

/** So many failures leave the pictures below in sight. */
const LATEST = 3;

type FailedProps = { tasks: readonly ImageTask[]; onAgain: (prompt: string) => void };

/** What nobody draws any more, and why. */
export function Failed({ tasks, onAgain }: FailedProps) {
  const [isAll, setIsAll] = useState(false);
  return (
    <Group
      name="Failed"
      size={tasks.length}
      actions={
        tasks.length > LATEST && (
          <button type="button" className="plain" aria-expanded={isAll} onClick={() => setIsAll(!isAll)}>
            {isAll ? "Show the latest" : "Show all"}
          </button>
        )
      }
    >
      <ul className="ended">
        {tasks.slice(0, isAll ? tasks.length : LATEST).map((task) => (
          <li key={task.id}>
            <div className="grow">
              <p>{task.prompt}</p>
              <p className="small bad">{task.error?.message ?? "No reason given"}</p>
              <p className="small quiet">
                {attempts(task.attempts)}, {task.completedAt && <TimeAgo at={task.completedAt} />}
              </p>
            </div>
            <div className="row small">
              <a href={pageOf(task.jobUrl)}>Job</a>
              <a href={withQuery("#/dead-letters", { job: task.id })}>Dead letter</a>
              <button
                type="button"
                aria-label={`Try again: ${task.prompt}`}
                onClick={() => onAgain(task.prompt)}
              >
                Try again
              </button>
            </div>
          </li>
        ))}
      </ul>
    </Group>
  );
}

export function Canceled({ tasks }: { tasks: readonly ImageTask[] }) {
  return (
    <Group name="Canceled" size={tasks.length}>
      <ul className="ended">
        {tasks.map((task) => (
          <li key={task.id}>
            <span className="cut quiet grow">{task.prompt}</span>
            <span className="small quiet">
              {task.status === "skipped" && "too late: "}
              {task.completedAt && <TimeAgo at={task.completedAt} />}
            </span>
          </li>
        ))}
      </ul>
    </Group>
  );
}

const attempts = (count: number): string => (count === 1 ? "1 attempt" : `${count} attempts`);
