import { hasEnded } from "#client/index.ts";
import { BlockedNote, Note, WaitingNote } from "#dashboard/components/note.tsx";
import { Countdown } from "#dashboard/components/time.tsx";
import { fieldsOf } from "#dashboard/fields.ts";
import type { JobDetails } from "#dashboard/types.ts";

/** Shown while a job is paused: what it waits for, the last error, and when it continues. */
export function NextAttempt({ job }: { job: JobDetails }) {
  if (hasEnded(job)) return null;
  if (job.blocked !== null) return <BlockedNote blocked={job.blocked} />;
  const last = job.timeline.findLast(({ type }) => type !== "run_ended");
  if (last?.type === "waiting") return <Retry fields={fieldsOf(last.data)} />;
  if (job.waitingUntil === null) return null;
  const message = fieldsOf(job.lastError).get("message");
  const why = typeof message === "string" ? message : "a provider asked for it, or is in trouble.";
  return <WaitingNote until={job.waitingUntil} why={why} />;
}

function Retry({ fields }: { fields: ReadonlyMap<string, unknown> }) {
  const [retryAt, code, message] = [fields.get("retryAt"), fields.get("code"), fields.get("message")];
  return (
    <Note tone="warn" icon="retry">
      <strong>
        {typeof retryAt === "string" ? (
          <Countdown before="Next attempt in " to={retryAt} then="The next attempt begins" />
        ) : (
          "The next attempt begins at the engine's own pace"
        )}
      </strong>
      {typeof message === "string" && <>: {message}</>}
      {typeof code === "string" && (
        <>
          {" "}
          <code>{code}</code>
        </>
      )}
    </Note>
  );
}
