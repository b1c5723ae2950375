/** A job's history as bars, computed from its timeline; course-picture.tsx draws them. */
import { fieldsOf } from "#dashboard/fields.ts";
import type { JobDetails } from "#dashboard/types.ts";

export type Bar = {
  kind: "held" | "queued" | "attempt" | "pause" | "parts";
  from: number;
  to: number;
  /** "Attempt 2", "Waited for its retry". */
  label: string;
  /** How an attempt ended; pauses and waits have no outcome. */
  outcome: "running" | "completed" | "failed" | "canceled" | "none";
};
export type Lane = { label: string; bars: Bar[] };
export type Course = { from: number; to: number; lanes: Lane[]; isOver: boolean };

type Entry = {
  type: string;
  at: number;
  runId: string | undefined;
  attempt: number | undefined;
  retryAt: number;
};

/**
 * The types of entries that a function may write without a run id. Such an entry belongs to the run during which it was
 * written.
 */
const OWN_TYPES = new Set(["waiting", "attempt"]);

/** A job ends a moment after its last run. A bar for that time is drawn only when the time is longer than this. */
const SHORT_MS = 250;

/** One lane for the time in the queue, and one for each run. Unfinished bars end at `now`. */
export function courseOf(job: JobDetails, now: number): Course {
  const from = Date.parse(job.createdAt);
  const ended = job.endedAt === null ? undefined : Date.parse(job.endedAt);
  const entries = job.timeline.map(entryOf);
  const end = Math.max(from, ended ?? now);
  const runs = job.runs.map((run, n) => runOf(run, n, entries, ended, end));
  const lanes = [lineOf(job, entries, end), ...runs, ...partsOf(job, end)];
  const to = Math.max(end, ...lanes.flatMap(({ bars }) => bars.map((bar) => bar.to)));
  return { from, to, lanes, isOver: ended !== undefined };
}

function entryOf({ type, at, data }: JobDetails["timeline"][number]): Entry {
  const fields = fieldsOf(data);
  const runId = fields.get("runId");
  const attempt = fields.get("attempt");
  const retryAt = fields.get("retryAt");
  return {
    type,
    at: Date.parse(at),
    runId: typeof runId === "string" ? runId : undefined,
    attempt: typeof attempt === "number" ? attempt : undefined,
    retryAt: typeof retryAt === "string" ? Date.parse(retryAt) : Number.NaN,
  };
}

/** The time from acceptance until the start: first held or delayed, then in the engine's queue. */
function lineOf(job: JobDetails, entries: readonly Entry[], end: number): Lane {
  const from = Date.parse(job.createdAt);
  const began = job.startedAt === null ? end : Date.parse(job.startedAt);
  const released = entries.find(({ type }) => type === "released")?.at;
  const wait: Bar = { kind: "queued", from, to: began, label: "In line", outcome: "none" };
  const bars: Bar[] =
    released === undefined || released <= from
      ? [wait]
      : [
          { kind: "held", from, to: released, label: "Held back", outcome: "none" },
          { ...wait, from: released },
        ];
  return { label: "Line", bars };
}

function runOf(
  run: JobDetails["runs"][number],
  n: number,
  entries: readonly Entry[],
  jobEnded: number | undefined,
  end: number,
): Lane {
  const from = Date.parse(run.startedAt);
  const to = run.endedAt === null ? (jobEnded ?? end) : Date.parse(run.endedAt);
  const own = entries.filter(
    ({ runId, type, at }) =>
      runId === run.id || (OWN_TYPES.has(type) && runId === undefined && at >= from && at <= to),
  );
  const bars: Bar[] = [];
  let open: Bar = { kind: "attempt", from, to, label: "Attempt 1", outcome: "running" };
  /** The current bar ends where the next one begins. */
  const next = (at: number, following: Pick<Bar, "kind" | "label">, end = to) => {
    bars.push({ ...open, to: at, outcome: open.kind === "attempt" ? "failed" : "none" });
    open = { ...following, from: at, to: end, outcome: following.kind === "attempt" ? "running" : "none" };
  };
  for (const entry of own) {
    const label = `Attempt ${entry.attempt ?? bars.length + 1}`;
    if (entry.type === "waiting")
      next(entry.at, { kind: "pause", label: "Pause before the retry" }, until(entry, to));
    // When no entry tells that a pause began, the pause is shown as part of the attempt before it.
    else if (entry.type === "retrying" || (entry.type === "attempt" && open.kind === "pause"))
      next(entry.at, { kind: "attempt", label });
    else if (entry.type === "attempt") open.label = label;
  }
  bars.push(open.kind === "pause" ? open : { ...open, outcome: outcomeOf(run.status) });
  return { label: `Run ${n + 1}`, bars };
}

/**
 * Parts have no runs of their own in this job, so the bar of the parts reaches from the end of the last run to the end
 * of the job.
 */
function partsOf({ status, runs }: JobDetails, end: number): Lane[] {
  const ends = runs.map(({ endedAt }) => (endedAt === null ? Number.POSITIVE_INFINITY : Date.parse(endedAt)));
  const from = Math.max(...ends);
  if (runs.length === 0 || end - from < SHORT_MS) return [];
  return [
    {
      label: "Parts",
      bars: [{ kind: "parts", from, to: end, label: "Its parts", outcome: outcomeOf(status) }],
    },
  ];
}

/** The end of a pause. A pause in progress is drawn to its planned end. */
const until = ({ retryAt }: Entry, end: number): number =>
  Number.isNaN(retryAt) ? end : Math.max(retryAt, end);

const outcomeOf = (status: string): Bar["outcome"] =>
  status === "completed" || status === "failed" || status === "canceled" ? status : "running";

const STEPS_MS = [
  100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 216e5, 432e5,
  864e5, 1728e5, 6048e5,
];

/** About five marks at round distances from the start. The last mark leaves room for its label. */
export function ticksOf({ from, to }: Pick<Course, "from" | "to">): number[] {
  const length = to - from;
  const step = STEPS_MS.find((ms) => length / ms <= 6) ?? length / 5;
  const ticks = [];
  for (let at = 0; at <= length * 0.88; at += step) ticks.push(at);
  return ticks;
}
