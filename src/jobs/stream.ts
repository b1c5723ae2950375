import { AppError } from "#lib/errors.ts";
import { eventList, eventStream, type ServerEvent, type Sink } from "#lib/event-stream.ts";
import { type Answer, json, type Requester } from "#lib/http.ts";
import { position } from "./position.ts";
import type { Batch, Tail } from "./tail.ts";
import type { ChangedJob, Follower, JobFacts, TailRepository } from "./tail-repository.ts";
import { toProgress } from "./view.ts";

type Start = { position: string; events: ServerEvent[] };

/** What somebody follows: a list of jobs, one job, a queue of tasks. */
export type Subject = {
  /** Everything, for who has no position or has been away for too long. */
  snapshot(follower: Follower): Promise<Start>;
  /** Jobs that changed, as messages by job id; asked once per batch for all who follow by the same function. */
  present(jobs: readonly ChangedJob[]): Promise<ReadonlyMap<string, ServerEvent>>;
  /** "gone": it was perhaps in the list, and is not now. */
  place(job: JobFacts, event: ServerEvent | undefined): "in" | "gone" | "out";
  /** False for what is read whole each time. */
  resumes: boolean;
};

export type Streams = ReturnType<typeof createStreams>;
type Dependencies = { live: Pick<TailRepository, "changes">; tail: Tail; lifetimeMs: number };

/** A person has a few tabs open; a key may stand for a server with many people behind it. */
const MOST_STREAMS = { person: 10, key: 200 };

/** Answers a follower with a stream, or with the same messages as JSON when that is what they accept. */
export function createStreams({ live, tail, lifetimeMs }: Dependencies) {
  const open = new Map<string, number>();

  /** Holds one of the requester's places; answers how to give it back. */
  function enter({ id }: Requester): () => void {
    const count = open.get(id) ?? 0;
    if (count >= (id.startsWith("user:") ? MOST_STREAMS.person : MOST_STREAMS.key)) {
      throw new AppError("too_many_requests", `You have ${count} streams open already`, {
        retryAfterMs: lifetimeMs,
      });
    }
    open.set(id, count + 1);
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      const left = (open.get(id) ?? 1) - 1;
      if (left === 0) open.delete(id);
      else open.set(id, left);
    };
  }

  async function begin(subject: Subject, follower: Follower, after: string | undefined): Promise<Start> {
    if (after === undefined || !subject.resumes) return subject.snapshot(follower);
    const { isComplete, running, ...changes } = await live.changes(after, follower);
    if (!isComplete) return subject.snapshot(follower);
    return {
      position: changes.position,
      events: await toEvents({ ...changes, moved: running }, subject, follower),
    };
  }

  async function stream(
    subject: Subject,
    requester: Requester,
    after: string | undefined,
  ): Promise<Response> {
    const follower = followerOf(requester);
    const leave = enter(requester);
    const early: Batch[] = [];
    let isLost = false;
    let sink: Sink | undefined;
    const hear = async (batch: Batch) => {
      if (sink) sink.send(await toEvents(batch, subject, follower), batch.position);
      else early.push(batch);
    };
    const lose = () => {
      isLost = true;
      sink?.end();
    };
    const unlisten = tail.listen({ hear, lose });
    const stop = () => {
      unlisten();
      leave();
    };
    try {
      const start = await tail.begin(() => begin(subject, follower, after));
      for (const batch of early) start.events.push(...(await toEvents(batch, subject, follower)));
      return eventStream({
        lifetimeMs,
        feed(opened) {
          sink = opened;
          sink.send(start.events, start.position);
          if (isLost) sink.end();
          return stop;
        },
      });
    } catch (error) {
      stop();
      throw error;
    }
  }

  return {
    async answer(
      subject: Subject,
      input: { request: Request; requester: Requester; after: string | undefined },
    ): Promise<Answer | Response> {
      const { request, requester } = input;
      const after = lastEventId(request) ?? input.after;
      if (!wantsJson(request)) return stream(subject, requester, after);
      const { events, position } = await begin(subject, followerOf(requester), after);
      return json(200, eventList(events, position));
    },
  };
}

const followerOf = ({ role, owner }: Requester): Follower => ({
  owner: role === "admin" ? null : owner,
  reader: owner,
});

const wantsJson = (request: Request): boolean => {
  const accept = request.headers.get("accept") ?? "";
  return accept.includes("application/json") && !accept.includes("text/event-stream");
};

/** What an EventSource sends when it comes back; its address still has the position it began with. */
function lastEventId(request: Request): string | undefined {
  const header = request.headers.get("last-event-id");
  if (header === null || header === "") return undefined;
  const parsed = position.safeParse(header);
  if (parsed.success) return parsed.data;
  throw new AppError("invalid_request", "Last-Event-ID is not a position that we gave");
}

type Present = Subject["present"];
const presented = new WeakMap<Batch, Map<Present, ReturnType<Present>>>();

/** The messages of a batch for one follower: only what is theirs, only what belongs to the subject. */
async function toEvents(batch: Batch, subject: Subject, follower: Follower): Promise<ServerEvent[]> {
  const isTheirs = ({ owner }: JobFacts) => follower.owner === null || owner === follower.owner;
  const events: ServerEvent[] = [];
  const byId = await present(batch, subject.present);
  for (const { job } of batch.jobs) {
    if (!isTheirs(job)) continue;
    const event = byId.get(job.id);
    const place = subject.place(job, event);
    if (place === "gone") events.push({ event: "gone", data: { id: job.id } });
    else if (place === "in" && event) events.push(event);
  }
  for (const job of batch.moved) {
    if (isTheirs(job) && subject.place(job, undefined) === "in") events.push(toProgressEvent(job));
  }
  for (const { owner, view } of batch.notifications) {
    if (owner === follower.reader) events.push({ event: "notification", data: view });
  }
  return events;
}

function present(batch: Batch, how: Present): ReturnType<Present> {
  const known = presented.get(batch) ?? new Map<Present, ReturnType<Present>>();
  presented.set(batch, known);
  const events = known.get(how) ?? how(batch.jobs);
  known.set(how, events);
  return events;
}

const toProgressEvent = ({ id, progress_done, progress_total }: JobFacts): ServerEvent => ({
  event: "progress",
  data: { id, progress: toProgress(progress_done, progress_total) },
});
