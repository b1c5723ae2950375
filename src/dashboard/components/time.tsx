import { ago, clock, exact, lasting } from "#dashboard/format.ts";
import { useNow } from "#dashboard/hooks/use-now.ts";

/** "5 seconds ago"; the exact time is shown on hover. */
export function TimeAgo({ at }: { at: string | null }) {
  const now = useNow();
  if (at === null) return <span className="quiet">–</span>;
  // Clocks differ a little, so a time slightly in the future is shown as now.
  const seen = Math.max(now, Date.parse(at));
  return (
    <time dateTime={at} title={exact(at)}>
      {ago(at, seen)}
    </time>
  );
}

/** "in 3 hours". A moment that has passed meanwhile is shown as now. */
export function TimeUntil({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={exact(at)}>
      {ago(at, Math.min(now, Date.parse(at)))}
    </time>
  );
}

/** The time from `from` until `to`, or until now while `to` is null. */
export function Duration({ from, to }: { from: string | null; to: string | null }) {
  if (from === null) return <span className="quiet">–</span>;
  if (to === null) return <Lasting from={Date.parse(from)} />;
  return <span className="numbers">{lasting(Date.parse(to) - Date.parse(from))}</span>;
}

function Lasting({ from }: { from: number }) {
  const now = useNow();
  return <span className="numbers">{lasting(Math.max(0, now - from))}</span>;
}

/**
 * A countdown such as "0:07" with the text `before` in front of it; when the time has come, the text `then`. Screen
 * readers do not read every second.
 */
export function Countdown({ to, then, before = "" }: { to: string; then: string; before?: string }) {
  const now = useNow();
  const left = Date.parse(to) - now;
  if (left <= 0) return <span>{then}</span>;
  return (
    <>
      {before}
      <time dateTime={to} title={exact(to)} role="timer" aria-live="off">
        {clock(left)}
      </time>
    </>
  );
}
