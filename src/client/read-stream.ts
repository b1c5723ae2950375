import { Problem } from "./problem.ts";
import type { Request } from "./request.ts";
import { createFrameReader, type Frame } from "./sse.ts";

/** A stream that has said nothing yet is held back somewhere on its way. */
const FIRST_WORD_MS = 5000;
/** The server's heart beats every 3 s: a connection silent for this long died unnoticed, in a sleep for instance. */
const SILENCE_MS = 10_000;

type Options = {
  request: Request;
  address: string;
  signal: AbortSignal;
  onFrames: (frames: Frame[]) => void;
};

/**
 * Reads a stream to its end, planned or not. Answers whether it ever spoke: if it did, the reader goes on after the
 * last id; if not, streams do not get through. Throws what another try would not change, and what `onFrames` throws.
 */
export async function readStream({ request, address, signal, onFrames }: Options): Promise<boolean> {
  const watchdog = createWatchdog();
  const read = createFrameReader();
  const utf8 = new TextDecoder();
  let spoke = false;
  try {
    const response = await open({ request, address, signal: AbortSignal.any([signal, watchdog.signal]) });
    for await (const bytes of chunksOf(response)) {
      spoke = true;
      watchdog.expectWithin(SILENCE_MS);
      onFrames(read(utf8.decode(bytes, { stream: true })));
    }
    return spoke;
  } finally {
    watchdog.stop();
  }
}

/** Undefined when what answers is no stream, or nobody does. */
async function open({ request, address, signal }: Omit<Options, "onFrames">): Promise<Response | undefined> {
  try {
    const response = await request("GET", address, { headers: { accept: "text/event-stream" }, signal });
    if (response.headers.get("content-type")?.startsWith("text/event-stream")) return response;
    await response.body?.cancel();
    return undefined;
  } catch (error) {
    if (error instanceof Problem && !error.isPassing && error.status < 500) throw error;
    return undefined;
  }
}

/** What arrives until the end, or until the connection breaks. Safari reads streams only by a reader. */
async function* chunksOf(response: Response | undefined): AsyncGenerator<Uint8Array> {
  const reader = response?.body?.getReader();
  try {
    for (;;) {
      const chunk = await reader?.read().catch(() => undefined);
      if (!chunk || chunk.done) return;
      yield chunk.value;
    }
  } finally {
    await reader?.cancel().catch(() => {});
  }
}

/** Cuts a connection that has been silent for too long, or whose network is gone. */
function createWatchdog() {
  const controller = new AbortController();
  const cut = () => controller.abort();
  let timer = setTimeout(cut, FIRST_WORD_MS);
  globalThis.addEventListener?.("offline", cut);
  return {
    signal: controller.signal,
    expectWithin(ms: number) {
      clearTimeout(timer);
      timer = setTimeout(cut, ms);
    },
    stop() {
      clearTimeout(timer);
      globalThis.removeEventListener?.("offline", cut);
    },
  };
}
