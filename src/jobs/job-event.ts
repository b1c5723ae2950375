import type { SendableJob } from "./rows.ts";

/**
 * A caller waits at most this long for the engine. A route answers 503 after eight seconds, and the caller would then
 * repeat work that was accepted. Supabase Auth waits five seconds for a hook. So this limit is below both. If the
 * engine accepted the events after all, it recognizes the repeated events by their ids.
 */
export const SEND_TIMEOUT_MS = 3_000;
/**
 * A delayed job is sent when less than this remains of its delay: a little more than the five minutes between two runs
 * of housekeeping.
 */
export const SEND_AHEAD_MS = 6 * 60_000;
export type JobEvent = ReturnType<typeof toEvent>;

const releaseOf = ({ released_at }: SendableJob): number =>
  released_at === null ? Infinity : Date.parse(released_at);

/** Whether the job is sent now. A held or delayed job is not. */
export const mayLeave = (job: SendableJob, now: number): boolean => releaseOf(job) <= now + SEND_AHEAD_MS;

/** The event of a job. Its id is the id of the job. */
export function toEvent(job: SendableJob, now: number) {
  const { id, event_name: name, event_data: data } = job;
  const ts = releaseOf(job);
  return { id, name, data: isObject(data) ? data : {}, ...(ts > now ? { ts } : {}) };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
