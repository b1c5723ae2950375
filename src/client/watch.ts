import { Problem } from "./problem.ts";
import { readStream } from "./read-stream.ts";
import { type Request, readJson } from "./request.ts";
import { backoffMs, MOST_WAIT_MS, type Timing } from "./retry.ts";
import type { Frame } from "./sse.ts";
import { type Item, type LiveState, type Message, nothingKnown, reduce } from "./state.ts";

/** live: the server pushes changes; polling: a request every two seconds; offline: no answer. */
export type LiveStatus = "live" | "polling" | "offline";

export type WatchOptions<Task extends Item = Item> = {
  /** Default: all jobs that the key may read. */
  path?: string;
  /** The query fields that filter the list, such as `{ status: "running", kind: "…" }`. */
  filter?: Record<string, string>;
  onChange: (state: LiveState<Task>) => void;
  onStatus?: (status: LiveStatus) => void;
  signal: AbortSignal;
};

const POLL_MS = 2000;
/**
 * The largest number of polls before the stream is tried again: 1 after the first break, doubled after each failed try.
 */
const MOST_POLLS = 16;
/** Streams end regularly; a random part of this delay keeps clients from reconnecting together. */
const RETURN_MS = 300;

/**
 * Keeps one state up to date and reports every change. Reads a stream, or polls every two seconds where streams are
 * blocked. Stream and polls read the same messages at the same address, and continue after the last id.
 */
export async function watch<Task extends Item>(
  options: WatchOptions<Task>,
  { request, sleep, random }: Timing & { request: Request },
): Promise<void> {
  const { path = "/api/jobs/stream", filter = {}, signal } = options;
  const news = createNews(options);
  let polls = 1;
  let pollsLeft = 0;
  let failures = 0;

  const streamed = () =>
    readStream({
      request,
      signal,
      address: withQuery(path, { ...filter, ...news.after() }),
      onFrames(frames) {
        news.status("live");
        news.hear(frames.map((frame) => toMessage<Task>(frame)));
      },
    });
  const poll = async () => {
    const address = withQuery(path, { ...filter, ...news.after() });
    const headers = { accept: "application/json" };
    const { messages } = await readJson<{ messages: Message<Task>[] }>(
      await request("GET", address, { headers, signal }),
    );
    news.status("polling");
    news.hear(messages);
  };

  while (!signal.aborted) {
    try {
      if (pollsLeft === 0 && (await streamed())) {
        failures = 0;
        polls = 1;
        await sleep(random() * RETURN_MS, signal);
        continue;
      }
      if (signal.aborted) return;
      await poll();
      failures = 0;
      if (pollsLeft > 0) pollsLeft -= 1;
      else {
        pollsLeft = polls - 1;
        polls = Math.min(2 * polls, MOST_POLLS);
      }
      await sleep(POLL_MS, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Problem) || !(error.isPassing || error.status >= 500)) throw error;
      news.status("offline");
      pollsLeft = 0;
      const waitMs = error.retryAfterMs ?? backoffMs(failures, random());
      await pause(Math.min(waitMs, MOST_WAIT_MS), signal, sleep);
      failures += 1;
    }
  }
}

/** The state so far, and the callbacks that receive its changes. */
function createNews<Task extends Item>({ onChange, onStatus }: WatchOptions<Task>) {
  let state: LiveState<Task> = nothingKnown;
  let position: string | undefined;
  let status: LiveStatus | undefined;
  return {
    /** Where the next stream or poll continues. */
    after: (): { after?: string } => (position === undefined ? {} : { after: position }),
    status(next: LiveStatus) {
      if (next !== status) onStatus?.(next);
      status = next;
    },
    hear(messages: readonly Message<Task>[]) {
      const before = state;
      for (const message of messages) {
        state = reduce(state, message);
        position = message.id ?? position;
      }
      if (state !== before) onChange(state);
    },
  };
}

const withQuery = (path: string, query: Record<string, string>): string =>
  Object.keys(query).length === 0 ? path : `${path}?${new URLSearchParams(query)}`;

function toMessage<Task extends Item>(frame: Frame): Message<Task>;
function toMessage({ id, event, data }: Frame): unknown {
  if (data === undefined) return { id, event: "position", data: null };
  const parsed: unknown = JSON.parse(data);
  return { id, event, data: parsed };
}

/** Sleeps, and stops early when the browser's network is back. */
async function pause(ms: number, signal: AbortSignal, sleep: Timing["sleep"]): Promise<void> {
  const woken = new AbortController();
  const wake = () => woken.abort();
  globalThis.addEventListener?.("online", wake);
  await sleep(ms, AbortSignal.any([signal, woken.signal]));
  globalThis.removeEventListener?.("online", wake);
}
