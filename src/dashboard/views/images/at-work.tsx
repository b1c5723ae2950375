import type { ReactNode } from "react";
import { Icon } from "#dashboard/components/icon.tsx";
import { useNow } from "#dashboard/hooks/use-now.ts";
import { CancelTask } from "#dashboard/views/images/cancel-task.tsx";
import { inWords, retryWords, secondsUntil } from "#dashboard/views/images/countdown.ts";
import { Group } from "#dashboard/views/images/group.tsx";
import { PriorityMark } from "#dashboard/views/images/priority-mark.tsx";
import type { ImageTask } from "#dashboard/views/images/task.ts";
import "./at-work.css";

type TasksProps = {
  tasks: readonly ImageTask[];
  /** The concurrency of the lane. On a wide screen, one row has room for this many pictures. */
  atOnce: number;
  onChange: () => void;
};

/** The pictures that are being drawn; unused concurrency is shown as free. */
export function Processing({ tasks, atOnce, free, onChange }: TasksProps & { free: number }) {
  const now = useNow(1000);
  return (
    <Group name="Processing" size={tasks.length}>
      {tasks.length === 0 && <p className="no-tasks on-phone">No picture is being drawn.</p>}
      <ul className={`tiles of-${atOnce}`}>
        {tasks.map((task) => (
          <Tile
            key={task.id}
            task={task}
            onChange={onChange}
            words={`Drawing for ${since(task.startedAt, now)}`}
          >
            <span className="art drawing" />
          </Tile>
        ))}
        {Array.from({ length: free }, (_, n) => (
          <li key={n} className="tile free" aria-hidden="true">
            Free place
          </li>
        ))}
      </ul>
    </Group>
  );
}

/** Tasks that failed and wait for their next attempt. They still use the lane's concurrency. */
export function Retrying({ tasks, atOnce, onChange }: TasksProps) {
  const now = useNow(250);
  return (
    <Group name="Waiting for retry" size={tasks.length} hint="each keeps its place">
      <ul className={`tiles of-${atOnce}`}>
        {tasks.map((task) => (
          <Tile key={task.id} task={task} onChange={onChange} words={retryWords(task, now)}>
            <span className="art sleeping">
              <Icon name="retry" size={20} />
              <b>{secondsLeft(task, now) || ""}</b>
            </span>
          </Tile>
        ))}
      </ul>
    </Group>
  );
}

type TileProps = { task: ImageTask; words: string; onChange: () => void; children: ReactNode };

function Tile({ task, words, onChange, children }: TileProps) {
  return (
    <li className="tile">
      <div aria-hidden="true">{children}</div>
      <div className="tile-prompt">
        <PriorityMark priority={task.priority} />
        <span className="clamp" dir="auto" title={task.prompt}>
          {task.prompt}
        </span>
      </div>
      <p className="quiet small numbers">{words}</p>
      {task.status === "waiting" && task.error && <p className="small warn clamp">{task.error.message}</p>}
      <CancelTask task={task} onChange={onChange} />
    </li>
  );
}

const secondsLeft = ({ retryAt }: ImageTask, now: number): number =>
  retryAt === null ? 0 : secondsUntil(Date.parse(retryAt), now);

const since = (at: string | null, now: number): string =>
  at === null ? "a moment" : inWords(Math.floor(Math.max(now - Date.parse(at), 0) / 1000));
