import { useState } from "react";
import { Picture } from "#dashboard/components/picture.tsx";
import { TimeAgo } from "#dashboard/components/time.tsx";
import { brief } from "#dashboard/format.ts";
import { Group, OF_A_DAY } from "#dashboard/views/images/group.tsx";
import { Lightbox } from "#dashboard/views/images/lightbox.tsx";
import type { ImageTask } from "#dashboard/views/images/task.ts";
import "./gallery.css";

const STEP = 24;

type GalleryProps = { size: number | undefined; tasks: readonly ImageTask[] };

/** Finished pictures, the newest first. */
export function Gallery({ size, tasks }: GalleryProps) {
  const [open, setOpen] = useState<ImageTask | null>(null);
  const [limit, setLimit] = useState(STEP);
  return (
    <Group name="Completed" size={size} hint={OF_A_DAY}>
      {tasks.length === 0 ? (
        <p className="no-tasks">Pictures appear here as they are finished.</p>
      ) : (
        <ul className="gallery">
          {tasks.slice(0, limit).map((task) => (
            <li key={task.id}>
              <Picture path={task.thumbnailUrl} alt={brief(task.prompt)} />
              <button
                type="button"
                aria-label={`Open: ${brief(task.prompt)}`}
                onClick={() => setOpen(task)}
              />
              <span className="cut small" dir="auto" title={task.prompt} aria-hidden="true">
                {task.prompt}
              </span>
              <span className="quiet tiny">
                <TimeAgo at={task.completedAt} />
              </span>
            </li>
          ))}
        </ul>
      )}
      {tasks.length > limit && (
        <button type="button" className="more" onClick={() => setLimit(limit + STEP)}>
          Show more
        </button>
      )}
      {open && <Lightbox task={open} onClose={() => setOpen(null)} />}
    </Group>
  );
}
