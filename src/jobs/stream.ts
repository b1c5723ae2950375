import { AppError } from "#lib/errors.ts";
import { eventList, eventStream, type Sink } from "#lib/http/event-stream.ts";
import { streamPosition } from "#lib/http/fields.ts";
import { type Answer, json, type Requester } from "#lib/http/route.ts";
import { type Start, type Subject, toEvents } from "./stream-events.ts";
import { createStreamLimit } from "./stream-limit.ts";
import type { Batch, Tail } from "./tail.ts";
import type { Follower, TailRepository } from "./tail-repository.ts";

export type Streams = ReturnType<typeof createStreams>;
type Dependencies = { live: Pick<TailRepository, "changes">; tail: Tail; lifetimeMs: number };

/** Answers a client with a stream, or, when the client accepts JSON, with the same messages as JSON. */
export function createStreams({ live, tail, lifetimeMs }: Dependencies) {
  const enter = createStreamLimit(lifetimeMs);

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
      const start = await tail.begin(() => begin(live, subject, follower, after));
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
      const { events, position } = await begin(live, subject, followerOf(requester), after);
      return json(200, eventList(events, position));
    },
  };
}

async function begin(
  live: Dependencies["live"],
  subject: Subject,
  follower: Follower,
  after: string | undefined,
): Promise<Start> {
  if (after === undefined || !subject.resumes) return subject.snapshot(follower);
  const { isComplete, running, ...changes } = await live.changes(after, follower);
  if (!isComplete) return subject.snapshot(follower);
  return {
    position: changes.position,
    events: await toEvents({ ...changes, moved: running }, subject, follower),
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

/** The header that an EventSource sends when it reconnects, because its URL still contains the first position. */
function lastEventId(request: Request): string | undefined {
  const header = request.headers.get("last-event-id");
  if (header === null || header === "") return undefined;
  const parsed = streamPosition.safeParse(header);
  if (parsed.success) return parsed.data;
  throw new AppError("invalid_request", "Last-Event-ID was not sent by this API");
}
