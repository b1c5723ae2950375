import { Badge } from "#dashboard/components/badge.tsx";
import { Progress } from "#dashboard/components/progress.tsx";
import { TimeAgo } from "#dashboard/components/time.tsx";
import { idOf, pageOf } from "#dashboard/hooks/use-hash-route.ts";
import { useLiveJob } from "#dashboard/live.ts";
import type { Letter } from "#dashboard/types.ts";

/** The handling of a dead letter: the administrator, the time, and the state of the new job. */
export function Aftermath({ letter }: { letter: Letter }) {
  const { links, handledBy, handledAt, note, status } = letter;
  return (
    <div className="row small">
      {handledBy !== null && (
        <span className="quiet">
          {status === "ignored" ? "Ignored" : "Reprocessed"} by {handledBy} <TimeAgo at={handledAt} />
          {note && (
            <>
              : “<bdi>{note}</bdi>”
            </>
          )}
        </span>
      )}
      {links.reprocessJob && <ReprocessJob path={links.reprocessJob} outcome={letter.outcome} />}
      {links.job && <a href={pageOf(links.job)}>Failed job</a>}
      {links.parent && <a href={pageOf(links.parent)}>Failed before</a>}
    </div>
  );
}

function ReprocessJob({ path, outcome }: { path: string; outcome: string | null }) {
  const job = useLiveJob(idOf(path));
  const status = outcome ?? job?.status;
  return (
    <>
      <a href={pageOf(path)}>New job</a>
      {status !== undefined && <Badge status={status} />}
      {job?.status === "running" && job.progress && <Progress progress={job.progress} />}
    </>
  );
}
