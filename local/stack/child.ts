import { z } from "zod";

/**
 * The duties of every process of the stack. Every process reports its state to the supervisor, and ends when the
 * supervisor ends.
 */
export type Child = {
  /** Reports that the process answers requests. */
  ready(details: { port: number }): void;
  /**
   * Resolves when the process may listen. A process that takes over from another one first reports that its code is
   * loaded, and then waits for the supervisor's message. Any other process may listen at once.
   */
  mayListen(): Promise<void>;
  takesOver: boolean;
};

/** The supervisor's messages: take over the port, or end when every request in progress is answered. */
export const order = z.enum(["listen", "finish"]);
export type Order = z.infer<typeof order>;

/** The environment variable that is set for a process that takes over from another one. */
export const takesOver = "STACK_TAKES_OVER";

/**
 * This time is shorter than the supervisor's limit, so that the process ends by itself before the supervisor kills it.
 */
const patienceMs = 4_000;

/**
 * Called once at the start of a child process. A process that was started by hand (without an IPC channel) only handles
 * Ctrl-C.
 */
export function childOfTheStack({ stop }: { stop: () => void | Promise<void> }): Child {
  let isStopping = false;
  const finish = () => {
    if (isStopping) return;
    isStopping = true;
    void Promise.resolve(stop()).finally(() => process.exit(0));
  };
  const end = () => {
    // A `stop` that does not end, for instance because it writes to a database that is gone, is not awaited any longer.
    setTimeout(() => process.exit(1), patienceMs);
    finish();
  };
  const listenReceived = new Promise<void>((resolve) => {
    process.on("message", (message) => {
      const received = order.safeParse(message).data;
      if (received === "listen") resolve();
      if (received === "finish") finish();
    });
  });
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  // The channel closes whenever the supervisor ends, even by `kill -9`.
  process.on("disconnect", end);
  // The event does not come when the supervisor ended while this process loaded its code.
  if (process.send !== undefined && !process.connected) end();
  const isSuccessor = process.env[takesOver] !== undefined;
  return {
    takesOver: isSuccessor,
    ready: (details) => process.send?.({ ready: details }),
    async mayListen() {
      if (!isSuccessor) return;
      process.send?.("loaded");
      await listenReceived;
    },
  };
}
