import { Icon } from "#dashboard/components/icon.tsx";
import { useNow } from "#dashboard/hooks/use-now.ts";
import { inWords, secondsUntil } from "#dashboard/views/images/countdown.ts";
import type { Refused } from "#dashboard/views/images/refusals.ts";

/** Shown when the queue is full: how many prompts wait in the page, and when they can be submitted. */
export function FullNote({ refused, onAgain }: { refused: Refused; onAgain: () => void }) {
  const seconds = secondsUntil(refused.untilMs, useNow(1000));
  const many = refused.submissions.length;
  return (
    <div className="full-note">
      <Icon name="clock" size={20} />
      <p role="status">
        <strong>Queue full.</strong>{" "}
        {many === 1 ? "Your prompt is kept here" : `${many} prompts are kept here`}
        {seconds === 0 ? ": the queue should accept it now." : "; the queue accepts it again shortly."}
      </p>
      {/* The countdown is outside of the status, so that a screen reader does not read every second. */}
      {seconds > 0 && <span className="numbers">Come back in {inWords(seconds)}</span>}
      <button type="button" disabled={seconds > 0} onClick={onAgain}>
        {many === 1 ? "Queue it now" : `Queue ${many} now`}
      </button>
    </div>
  );
}
