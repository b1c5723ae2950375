/** One message of a stream. It is serialized once for all listeners. */
export type ServerEvent = { event: string; data: unknown };

export type Sink = {
  /** `position` is where a reader continues after these events. */
  send(events: readonly ServerEvent[], position: string): void;
  /** Ends the stream. The reader then reconnects. */
  end(): void;
};

type Options = {
  lifetimeMs: number;
  /** Sends events to the sink from now on. Returns the function that stops this. */
  feed: (sink: Sink) => () => void;
  random?: () => number;
};

/** Proxies and the client treat a connection without messages for longer than this as dead. */
const HEARTBEAT_MS = 3000;
/**
 * A reader with more unread bytes than this is disconnected to save memory. When the reader reconnects, it gets the
 * missed messages.
 */
const MOST_UNREAD_BYTES = 256 * 1024;
/** The lifetimes of streams vary by this share, so that streams that began together do not reconnect together. */
const SPREAD = 0.2;

/**
 * Server-sent events in a stream that ends by itself, because a stream that the platform ends looks like a failure.
 * Only the last message of a batch has the position as its id, so that a reader never stores a position inside a batch.
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
        // Tells an EventSource how long to wait before it reconnects.
        write(`retry: ${Math.round(200 + 800 * random())}\n\n`);
        unfeed = feed({ send, end });
        if (!isOpen) unfeed();
      },
      cancel: () => stop(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: MOST_UNREAD_BYTES }),
  );
  return new Response(body, {
    // These headers keep proxies from buffering or compressing the stream, because each message must arrive at once.
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

/** The messages of a stream as JSON, for clients that poll. */
export const eventList = (events: readonly ServerEvent[], id: string) => ({
  messages: [...events.slice(0, -1), { ...(events.at(-1) ?? { event: "position", data: null }), id }],
});
