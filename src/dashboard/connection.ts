/** How fresh is what is shown? Streams and polls report here, the frame shows it. */
import { createStore } from "./store.ts";

export type Connection = "live" | "polling" | "offline" | "connecting";

const store = createStore<Connection>("connecting");
export const useConnection = store.use;

let openStreams = 0;

/** A poll that was answered, or not. While a stream is open, that says more. */
export function polled(wasAnswered: boolean): void {
  if (!wasAnswered) store.set("offline");
  else if (openStreams === 0 || store.get() === "offline") store.set("polling");
}

/** A stream that is being followed. Answers how to report, and how to say that it is over. */
export function openStream(): { report(status: "live" | "polling" | "offline"): void; close(): void } {
  openStreams += 1;
  return {
    report: store.set,
    close() {
      openStreams -= 1;
    },
  };
}
