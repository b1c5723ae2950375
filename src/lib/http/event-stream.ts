/** One message of a stream. The same object sent to many listeners is written out once. */
export type ServerEvent = { event: string; data: unknown };

export type Sink = {
  /** `position` is where a reader who has seen these goes on. */
  send(events: readonly ServerEvent[], position: string): void;
  /** The reader is asked to come back. */
  end(): void;
};

type Options = {
  lifetimeMs: number;
  /** Feeds the sink from now on; answers how to stop. */
  feed: (sink: Sink) => () => void;
  random?: () => number;
};

/** Proxies and the client take a connection that is silent for longer for dead. */
const HEARTBEAT_MS = 3000;
/** A reader who lets more than this lie is cut off, so that it costs no memory; it comes back and catches up. */
const MOST_UNREAD_BYTES = 256 * 1024;
/** Streams that began together end apart, so that their readers do not come back all at once. */
const SPREAD = 0.2;

/**
 * Server-sent events that end by themselves: a stream that the platform cuts looks like a failure, one that ends is
 * plan. The last message of each batch carries the position as its id, so that a batch is never seen in part.
 */
export function eventStream({ lifetimeMs, feed, random = Math.random }: Options): Response {
  let stop = () => {};
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        let position: string | undefined;
        let isOpen = true;
        let unfeed = () => {};
        const write = (text: string) => controller.enqueue(utf8.encode(text));
        const beat = () => write(position === undefined ? ":\n\n" : `id: ${position}\n\n`);
        const end = () => {
          if (!isOpen) return;
          stop();
          controller.close();
        };
        const heartbeat = setInterval(beat, HEARTBEAT_MS);
        const lifetime = setTimeout(end, lifetimeMs * (1 - SPREAD * random()));
        stop = () => {
          isOpen = false;
          clearInterval(heartbeat);
          clearTimeout(lifetime);
          unfeed();
        };
        const send: Sink["send"] = (events, next) => {
          if (!isOpen) return;
          if ((controller.desiredSize ?? 0) <= 0) return end();
          position = next;
          if (events.length > 0) write(batchOf(events, next));
        };
        // For an EventSource: how long it waits before it comes back.
        write(`retry: ${Math.round(200 + 800 * random())}\n\n`);
        unfeed = feed({ send, end });
        if (!isOpen) unfeed();
      },
      cancel: () => stop(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: MOST_UNREAD_BYTES }),
  );
  return new Response(body, {
    // No proxy may hold it back or squeeze it: a message is worth something only now.
    headers: {
      "content-type": "text/event-stream",
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
    },
  });
}

const utf8 = new TextEncoder();

function batchOf(events: readonly ServerEvent[], id: string): string {
  const last = events.length - 1;
  return events.map((event, n) => (n === last ? `id: ${id}\n${textOf(event)}` : textOf(event))).join("");
}

const texts = new WeakMap<ServerEvent, string>();

function textOf(event: ServerEvent): string {
  const known = texts.get(event);
  if (known !== undefined) return known;
  const text = `event: ${event.event}\ndata: ${JSON.stringify(event.data)}\n\n`;
  texts.set(event, text);
  return text;
}

/** The same messages for those who ask from time to time instead of listening. */
export const eventList = (events: readonly ServerEvent[], id: string) => ({
  messages: [...events.slice(0, -1), { ...(events.at(-1) ?? { event: "position", data: null }), id }],
});
