import { hasEnded } from "#client/index.ts";
import { Icon } from "#dashboard/components/icon.tsx";
import { Countdown } from "#dashboard/components/time.tsx";
import { fieldsOf } from "#dashboard/fields.ts";
import type { JobDetails } from "#dashboard/types.ts";
import "./next-attempt.css";

/** While a job waits for its retry: when that is, and why it is needed. */
export function NextAttempt({ job }: { job: JobDetails }) {
  const last = job.timeline.findLast(({ type }) => type !== "run_ended");
  if (hasEnded(job) || last?.type !== "waiting") return null;
  const said = fieldsOf(last.data);
  const retryAt = said.get("retryAt");
  const code = said.get("code");
  if (typeof retryAt !== "string") return null;
  return (
    <p className="next-attempt">
      <Icon name="retry" size={20} />
      <span>
        <strong>
          <Countdown before="Next attempt in " to={retryAt} then="The next attempt begins" />
        </strong>
        {typeof code === "string" && (
          <>
            {" "}
            because of <code>{code}</code>
          </>
        )}
      </span>
    </p>
  );
}
