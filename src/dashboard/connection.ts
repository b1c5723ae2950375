/** How fresh is what is shown? Streams and polls report here, the frame shows it. */
import type { LiveStatus } from "#client/index.ts";
import { createStore } from "./store.ts";

export type Connection = LiveStatus | "connecting";

const store = createStore<Connection>("connecting");
export const useConnection = store.use;

/** What the open stream said last; undefined while none is open. */
let streamed: LiveStatus | undefined;
let openStreams = 0;

/** A poll that was answered, or not. While a stream is open and well, that says more. */
export function polled(wasAnswered: boolean): void {
  if (!wasAnswered) store.set("offline");
  else store.set(streamed === "live" ? "live" : "polling");
}

/** A stream that is being followed. Answers how to report, and how to say that it is over. */
export function openStream(): { report(status: LiveStatus): void; close(): void } {
  openStreams += 1;
  return {
    report(status) {
      streamed = status;
      store.set(status);
    },
    close() {
      openStreams -= 1;
      if (openStreams === 0) streamed = undefined;
    },
  };
}
