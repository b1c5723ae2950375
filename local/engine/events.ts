import type { z } from "zod";
import type { StoredEvent } from "./documents.ts";
import { limits } from "./limits.ts";
import { passedOn, TooDeep } from "./passed-on.ts";
import { type EventPayload, type IncomingEvent, incomingEvent } from "./protocol.ts";
import { seededUlid } from "./ulid.ts";

/** Accepting events: which events are valid, and which ids they get. */
export type ReadEvents = { events: IncomingEvent[]; refusal?: string };

/**
 * One event or an array of them, as `POST /e/:key` accepts them. The server reads the events one after the other.
 * Events before the first invalid event are accepted, and events after the first invalid event are ignored. The error
 * messages are the same as the server's.
 */
export function readEvents(text: string): ReadEvents {
  if (text === "") return { events: [] };
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    return { events: [], refusal: messageOf(error) };
  }
  if (typeof body !== "object" || body === null)
    return { events: [], refusal: "Request body must contain an event object or an array of event objects" };
  const events: IncomingEvent[] = [];
  for (const raw of Array.isArray(body) ? body : [body]) {
    if (events.length === limits.eventsPerRequest)
      return { events, refusal: `Cannot have more than ${limits.eventsPerRequest} events in a batch` };
    const read = readEvent(raw);
    if (typeof read === "string") return { events, refusal: read };
    events.push(read);
  }
  return { events };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Returns the event, or why it is refused. */
function readEvent(given: unknown): IncomingEvent | string {
  try {
    return readShallow(passedOn(given));
  } catch (error) {
    if (error instanceof TooDeep) return error.message;
    throw error;
  }
}

function readShallow(raw: unknown): IncomingEvent | string {
  const bytes = Buffer.byteLength(JSON.stringify(raw));
  if (bytes > limits.eventBytes)
    return `Event is over the max size: Max ${limits.eventBytes} bytes / Size ${bytes} bytes`;
  const parsed = incomingEvent.safeParse(raw ?? {});
  if (!parsed.success) return misfit(parsed.error.issues[0]);
  const { name, ts, data } = parsed.data;
  if (!name) return "event name is empty";
  if (name.toLowerCase().startsWith("inngest/")) return `event name is reserved for internal use: ${name}`;
  if (ts && ts < earliest) return "timestamp is before Jan 1, 1980";
  if (ts && ts > latest) return "timestamp is after Jan 1, 2100";
  // Events from outside must not set the data that the engine itself adds.
  if (data) delete data["_inngest"];
  return parsed.data;
}

const earliest = Date.UTC(1980, 0, 1);
const latest = Date.UTC(2100, 0, 1);

function misfit(issue: z.core.$ZodIssue | undefined): string {
  const field = issue?.path.join(".") ?? "";
  const got = /received (\w+)/.exec(issue?.message ?? "")?.[1] ?? "value";
  const where = field === "" ? "value of type event.raw" : `struct field raw.${field}`;
  return `json: cannot unmarshal ${got} into Go ${where}`;
}

/** The id that `send()` returns. With a seed, a repeated request gets the same ids again. */
export const internalIdOf = (seed: string | undefined, index: number, fresh: () => string): string =>
  (seed === undefined ? undefined : seededUlid(seed, index + 1)) ?? fresh();

export function toStored(event: IncomingEvent, internalId: string, now: number): StoredEvent {
  const payload: EventPayload = {
    id: event.id || internalId,
    name: event.name ?? "",
    data: event.data ?? null,
    ts: event.ts || now,
    ...(event.v ? { v: event.v } : {}),
    user: event.user ?? {},
    ...(event.meta === undefined || event.meta === null ? {} : { meta: event.meta }),
  };
  return { internalId, event: payload, receivedAt: now, runIds: [] };
}

/** Runs that were started by these events send no ending events. */
const withoutEndingEvents = new Set(["inngest/function.failed", "inngest/function.finished"]);

type Ended = {
  functionId: string;
  runId: string;
  status: string;
  events: EventPayload[];
  result?: unknown;
  error?: unknown;
};

/**
 * The system events at a run's end: "finished" for every run, and "failed" or "cancelled" where that applies. The ids
 * of these events are derived from the run's id, so that a failure handler runs once. A run that was started by a
 * "finished" or "failed" event sends none of these events.
 */
export function endingEvents({ functionId, runId, status, events, result, error }: Ended): IncomingEvent[] {
  return events.flatMap((event, index) => {
    const correlationId = correlationOf(event);
    if (withoutEndingEvents.has(event.name) || (index > 0 && correlationId === undefined)) return [];
    const data = {
      function_id: functionId,
      run_id: runId,
      event,
      events,
      ...(error === undefined ? {} : { error }),
      ...(result === undefined ? {} : { result }),
      ...(correlationId === undefined ? {} : { correlation_id: correlationId }),
      _inngest: { status },
    };
    const finished: IncomingEvent = { name: "inngest/function.finished", data };
    if (status === "Failed") return [finished, { id: runId, name: "inngest/function.failed", data }];
    if (status === "Cancelled") return [finished, { id: runId, name: "inngest/function.cancelled", data }];
    return [finished];
  });
}

type InvokeMetadata = { fn_id?: unknown; correlation_id?: unknown };

const metadataOf = (event: EventPayload): InvokeMetadata => {
  const metadata = event.data?.["_inngest"];
  return typeof metadata === "object" && metadata !== null ? metadata : {};
};

/** Which run and step invoked the function that this event started: `<run>.<step>`. */
export function correlationOf(event: EventPayload): string | undefined {
  const { correlation_id: id } = metadataOf(event);
  return typeof id === "string" ? id : undefined;
}

export function invokedFunctionOf(event: EventPayload): string | undefined {
  if (event.name !== "inngest/function.invoked") return undefined;
  const { fn_id: id } = metadataOf(event);
  return typeof id === "string" ? id : "";
}
