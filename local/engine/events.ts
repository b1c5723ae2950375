import type { StoredEvent } from "./documents.ts";
import { limits } from "./limits.ts";
import { type EventPayload, type IncomingEvent, incomingEvent } from "./protocol.ts";
import { seededUlid } from "./ulid.ts";

/** Accepting events: what may come in, and under which id. */
export class EventsRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = "EventsRefused";
  }
}

/** One event or an array of them, as `POST /e/:key` takes them. */
export function readEvents(body: unknown): IncomingEvent[] {
  const list = Array.isArray(body) ? body : [body];
  if (list.length > limits.eventsPerRequest)
    throw new EventsRefused(
      `The number of events (${list.length}) is greater than the maximum (${limits.eventsPerRequest})`,
    );
  return list.map((raw) => {
    const parsed = incomingEvent.safeParse(raw);
    if (!parsed.success)
      throw new EventsRefused(`The event is not valid: ${parsed.error.issues[0]?.message ?? "unknown"}`);
    const { name } = parsed.data;
    if (!name) throw new EventsRefused("event name is empty");
    if (name.length > limits.eventNameLength)
      throw new EventsRefused(`event name is longer than ${limits.eventNameLength} characters`);
    const bytes = Buffer.byteLength(JSON.stringify(raw));
    if (bytes > limits.eventBytes) throw new EventsRefused("event is too large: it may have up to 512KB");
    return parsed.data;
  });
}

/** The id that `send()` returns. A seed makes a retried request yield the ids of its first try. */
export const internalIdOf = (seed: string | undefined, index: number, fresh: () => string): string =>
  (seed === undefined ? undefined : seededUlid(seed, index + 1)) ?? fresh();

export function toStored(event: IncomingEvent, internalId: string, now: number): StoredEvent {
  const payload: EventPayload = {
    id: event.id || internalId,
    name: event.name ?? "",
    data: event.data ?? {},
    ts: event.ts || now,
    ...(event.v ? { v: event.v } : {}),
    ...(event.user === undefined || event.user === null ? {} : { user: event.user }),
    ...(event.meta === undefined || event.meta === null ? {} : { meta: event.meta }),
  };
  return { internalId, event: payload, receivedAt: now, runIds: [] };
}

const neverAnswered = new Set(["inngest/function.failed", "inngest/function.finished"]);

type Ended = {
  functionId: string;
  runId: string;
  status: string;
  events: EventPayload[];
  result?: unknown;
  error?: unknown;
};

/**
 * The system events that a run's end causes: finished for every run, failed or cancelled besides. Their ids are the
 * run's, so that a failure handler runs once. Runs that such an event started cause none themselves.
 */
export function endingEvents({ functionId, runId, status, events, result, error }: Ended): IncomingEvent[] {
  return events.flatMap((event, index) => {
    const correlationId = correlationOf(event);
    if (neverAnswered.has(event.name) || (index > 0 && correlationId === undefined)) return [];
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
  const metadata = event.data["_inngest"];
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
