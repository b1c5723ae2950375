import { Badge } from "#dashboard/components/badge.tsx";
import { Progress } from "#dashboard/components/progress.tsx";
import { TimeAgo } from "#dashboard/components/time.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { pageOf } from "#dashboard/hooks/use-hash-route.ts";
import type { Job, Letter } from "#dashboard/types.ts";

/** What became of a letter: who handled it, and how its new job is doing. */
export function Aftermath({ letter }: { letter: Letter }) {
  const { links, handledBy, handledAt, note, status } = letter;
  return (
    <div className="row small">
      {handledBy !== null && (
        <span className="quiet">
          {status === "ignored" ? "Ignored" : "Reprocessed"} by {handledBy} <TimeAgo at={handledAt} />
          {note && <>: “{note}”</>}
        </span>
      )}
      {links.reprocessJob && <ReprocessJob path={links.reprocessJob} outcome={letter.outcome} />}
      {links.job && <a href={pageOf(links.job)}>Failed job</a>}
      {links.parent && <a href={pageOf(links.parent)}>Failed before</a>}
    </div>
  );
}

const EVERY_MS = 2000;

function ReprocessJob({ path, outcome }: { path: string; outcome: string | null }) {
  // Once the letter knows the outcome, nothing about the job changes any more.
  const { data: job } = useApi<Job>(outcome === null ? path : null, { everyMs: EVERY_MS });
  return (
    <>
      <a href={pageOf(path)}>New job</a>
      <Badge status={outcome ?? job?.status ?? "queued"} />
      {job?.status === "running" && job.progress && <Progress progress={job.progress} />}
    </>
  );
}
