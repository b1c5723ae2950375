import { HTTPException } from "hono/http-exception";
import { hasEnded, type RunDocument, type StoredEvent } from "./documents.ts";
import type { Engine } from "./engine.ts";
import { isUlid, uuidOf } from "./ulid.ts";

/** Runs and events, in the format of the real server's API. */

const environment = "00000000-0000-4000-b000-000000000000";
const iso = (time: number): string => new Date(time).toISOString();

export const envelope = (data: unknown, now: number) => ({
  data,
  metadata: { fetched_at: iso(now), cached_until: null },
});

export const runView = (run: RunDocument) => ({
  run_id: run.id,
  run_started_at: iso(run.startedAt ?? run.queuedAt),
  function_id: uuidOf(run.functionId),
  /** The real API does not have this field. The real API has only UUIDs of functions, which people cannot read. */
  function_slug: run.functionId,
  function_version: 1,
  environment_id: environment,
  event_id: run.eventIds[0],
  ...(run.batchId === undefined ? {} : { batch_id: run.batchId }),
  ...(run.originalRunId === undefined ? {} : { original_run_id: run.originalRunId }),
  ...(run.cron === undefined ? {} : { cron: run.cron }),
  status: run.status,
  ended_at: run.endedAt === undefined ? null : iso(run.endedAt),
  ...(hasEnded(run) ? { output: run.output ?? run.error ?? null } : {}),
});

export const eventView = ({ internalId, event, receivedAt }: StoredEvent) => ({
  internal_id: internalId,
  ...event,
  received_at: iso(receivedAt),
});

export const jobView = (run: RunDocument) =>
  Object.values(run.jobs).map(({ id, at, attempt, kind }) => ({ id, at: iso(at), attempt, kind }));

/**
 * The API does not return skipped runs. The real server shows them only on its dashboard, and this engine only on its
 * page.
 */
export const isPublic = (run: RunDocument): boolean => run.status !== "Skipped";

export function runOf(engine: Engine, id: string): RunDocument {
  const run = anyRunOf(engine, id);
  if (!isPublic(run)) throw unknownRun();
  return run;
}

export function anyRunOf(engine: Engine, id: string): RunDocument {
  const run = engine.history.runs.get(id);
  if (!run) throw unknownRun();
  return run;
}

const unknownRun = () => new HTTPException(404, { message: "run not found" });

export function eventOf(engine: Engine, id: string): StoredEvent {
  // As on the real server, events cannot be found by the sender's own id.
  if (!isUlid(id)) throw new HTTPException(400, { message: `Invalid event ID: ${id}` });
  const event = engine.history.events.get(id);
  if (!event) throw new HTTPException(404, { message: "Event not found" });
  return event;
}

export const newestFirst = (a: StoredEvent, b: StoredEvent): number =>
  a.internalId < b.internalId ? 1 : a.internalId > b.internalId ? -1 : 0;
