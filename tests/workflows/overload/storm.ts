import { seeded } from "@nightshift/local/engine/seeded.ts";
import { type Office, openOffice } from "./office.ts";

export type Plan = {
  /** Jobs that can begin per second. */
  capacity: number;
  /** Requests per second of class 1, 2, 3, 4, 5. */
  perSecond: readonly number[];
  seconds: number;
  /** Normal work that already waits when the overload begins, and for how long it has waited. */
  backlog: number;
  backlogSeconds: number;
  /** How long refused requests may return after the overload. */
  followSeconds: number;
  requesters: number;
  seed: number;
};

type Errand = { number: number; priority: number; atMs: number; returns: number };

export type ClassFigures = {
  asked: number;
  acceptedAtOnce: number;
  refused: number;
  started: number;
  waitMsP50: number | null;
  waitMsP99: number | null;
  waitMsMax: number | null;
};
export type Figures = {
  classes: ClassFigures[];
  refusals: number;
  refusalsWithoutRetryAfter: number;
  /** Requests that returned when told to, and how many of them were admitted. */
  returned: number;
  letIn: number;
  longestRetryAfterSeconds: number;
  /** Accepted jobs that had not begun when all of them had time to. */
  leftWaiting: number;
  virtualSeconds: number;
};

const AT_ONCE = 8;
const STEP_MS = 100;

/**
 * Ten times the capacity over HTTP; every refused request returns exactly at its time. `drain`: waits for all accepted
 * work at the end.
 */
export async function storm(plan: Plan, { drain = false } = {}): Promise<Figures> {
  const office = await openOffice(plan);
  try {
    return await weather(office, plan, drain);
  } finally {
    await office.close();
  }
}

async function weather(office: Office, plan: Plan, drain: boolean): Promise<Figures> {
  const totals = newTotals();
  // Ahead of the machine's clock from the beginning.
  await office.engine.advance("1m");
  if (plan.backlog > 0) {
    await office.fillLine(plan.backlog, 3);
    await office.engine.advance(`${plan.backlogSeconds}s`);
  }
  const beginMs = office.now();
  const endMs = beginMs + (plan.seconds + plan.followSeconds) * 1000;
  const coming = arrivals(plan, beginMs);
  while (coming.length > 0 && office.now() < endMs) {
    const nowMs = office.now();
    const due = takeDue(coming, nowMs);
    for (let first = 0; first < due.length; first += AT_ONCE) {
      await Promise.all(
        due.slice(first, first + AT_ONCE).map((errand) => ask(office, errand, coming, totals)),
      );
    }
    await office.engine.idle();
    const nextMs = Math.max(nowMs + STEP_MS, Math.min(coming[0]?.atMs ?? 0, endMs));
    // Without autovacuum, dead rows of work that has begun would slow every read of the queue.
    if (Math.floor(nextMs / 60_000) > Math.floor(nowMs / 60_000))
      await office.rows("vacuum public.jobs, private.reservations");
    await office.engine.advance(`${nextMs - nowMs}ms`);
  }
  if (drain) await office.engine.advance("2h");
  return figures(office, totals, beginMs);
}

type Totals = ReturnType<typeof newTotals>;
const newTotals = () => ({
  asked: [0, 0, 0, 0, 0, 0],
  acceptedAtOnce: [0, 0, 0, 0, 0, 0],
  refused: [0, 0, 0, 0, 0, 0],
  returned: 0,
  letIn: 0,
  refusals: 0,
  withoutRetryAfter: 0,
  longest: 0,
});
const count = (counts: number[], priority: number) => {
  counts[priority] = (counts[priority] ?? 0) + 1;
};

async function ask(office: Office, errand: Errand, coming: Errand[], totals: Totals): Promise<void> {
  const { number, priority, returns } = errand;
  const { status, retryAfterSeconds } = await office.ask(number, priority);
  const isIn = status === 202;
  if (returns === 0) {
    count(totals.asked, priority);
    count(isIn ? totals.acceptedAtOnce : totals.refused, priority);
  } else {
    totals.returned++;
    if (isIn) totals.letIn++;
  }
  if (isIn) return;
  if (status !== 503) throw new Error(`the door answered ${status}`);
  totals.refusals++;
  if (retryAfterSeconds === undefined) {
    totals.withoutRetryAfter++;
    return;
  }
  totals.longest = Math.max(totals.longest, retryAfterSeconds);
  insert(coming, { ...errand, atMs: office.now() + retryAfterSeconds * 1000, returns: returns + 1 });
}

/** Poisson arrivals of each class, sorted by time. */
function arrivals({ perSecond, seconds, seed }: Plan, beginMs: number): Errand[] {
  const random = seeded(seed);
  const errands: Errand[] = [];
  for (const [index, rate] of perSecond.entries()) {
    const next = (atMs: number) => atMs - (Math.log(1 - random()) / rate) * 1000;
    for (let atMs = next(beginMs); atMs < beginMs + seconds * 1000; atMs = next(atMs))
      errands.push({ number: 0, priority: index + 1, atMs: Math.round(atMs), returns: 0 });
  }
  errands.sort((a, b) => a.atMs - b.atMs);
  return errands.map((errand, number) => ({ ...errand, number }));
}

function takeDue(coming: Errand[], nowMs: number): Errand[] {
  const later = coming.findIndex(({ atMs }) => atMs > nowMs);
  return coming.splice(0, later === -1 ? coming.length : later);
}

function insert(coming: Errand[], errand: Errand): void {
  let [low, high] = [0, coming.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((coming[middle]?.atMs ?? 0) <= errand.atMs) low = middle + 1;
    else high = middle;
  }
  coming.splice(low, 0, errand);
}

async function figures(office: Office, totals: Totals, beginMs: number): Promise<Figures> {
  // The ledger's own measurements of the requests during the overload.
  const waits = await office.rows(
    `select priority, count(started_at)::int as started,
       percentile_disc(array[0.5, 0.99, 1]) within group (order by extract(epoch from started_at - ready_at) * 1000) as ms
     from jobs where idempotency_key is not null group by priority`,
  );
  const [{ left }] = await office.rows("select count(*)::int as left from jobs where status = 'queued'");
  return {
    classes: [1, 2, 3, 4, 5].map((priority) => {
      const row = waits.find((row) => row.priority === priority);
      const [p50 = null, p99 = null, max = null] = (row?.ms ?? []).map((ms: string) =>
        Math.round(Number(ms)),
      );
      return {
        asked: totals.asked[priority] ?? 0,
        acceptedAtOnce: totals.acceptedAtOnce[priority] ?? 0,
        refused: totals.refused[priority] ?? 0,
        started: row?.started ?? 0,
        waitMsP50: p50,
        waitMsP99: p99,
        waitMsMax: max,
      };
    }),
    refusals: totals.refusals,
    refusalsWithoutRetryAfter: totals.withoutRetryAfter,
    returned: totals.returned,
    letIn: totals.letIn,
    longestRetryAfterSeconds: totals.longest,
    leftWaiting: left,
    virtualSeconds: Math.round((office.now() - beginMs) / 1000),
  };
}
