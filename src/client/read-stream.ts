import { Problem } from "./problem.ts";
import type { Request } from "./request.ts";
import { createFrameReader, type Frame } from "./sse.ts";

/** When a stream has sent no message by this time, a proxy is buffering it. */
const FIRST_WORD_MS = 5000;
/**
 * The server sends a heartbeat every 3 s. A connection that is silent for this long is broken, for instance after the
 * computer slept.
 */
const SILENCE_MS = 10_000;

type Options = {
  request: Request;
  address: string;
  signal: AbortSignal;
  onFrames: (frames: Frame[]) => void;
};

/**
 * Reads a stream until it ends or breaks. Returns whether the stream delivered any message. If it did, the reader
 * continues after the last id; if not, a proxy blocks streams. Throws errors that another try would not change, and the
 * errors of `onFrames`.
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

/** Undefined when the answer is no stream, or there is no answer. */
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

/** The chunks until the stream ends or breaks. Uses a reader, because Safari has no `for await` over a stream. */
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

/** Aborts a connection that is silent for too long, or has lost its network. */
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
