import { z } from "zod";

/** What a process of the stack owes its supervisor: to say how far it is, and never to outlive it. */
export type Child = {
  /** It answers requests. */
  ready(details: { port: number }): void;
  /** Resolves when it may listen: at once, unless it is to take over from another process, which it tells that it is loaded. */
  mayListen(): Promise<void>;
  takesOver: boolean;
};

/** What a supervisor says: take over the port, or end when every request that is under way has its answer. */
export const order = z.enum(["listen", "finish"]);
export type Order = z.infer<typeof order>;

/** Set for a process that takes over from another one. */
export const takesOver = "STACK_TAKES_OVER";

/** Shorter than the supervisor's patience, so that we still end by ourselves. */
const patienceMs = 4_000;

/** Call once at the start of a child process. Started by hand (without an IPC channel) it only listens to Ctrl-C. */
export function childOfTheStack({ stop }: { stop: () => void | Promise<void> }): Child {
  let isStopping = false;
  const finish = () => {
    if (isStopping) return;
    isStopping = true;
    void Promise.resolve(stop()).finally(() => process.exit(0));
  };
  const end = () => {
    // A stop that waits for what is gone too, such as a last write to the database, is given up.
    setTimeout(() => process.exit(1), patienceMs);
    finish();
  };
  const hearsListen = new Promise<void>((resolve) => {
    process.on("message", (message) => {
      const heard = order.safeParse(message).data;
      if (heard === "listen") resolve();
      if (heard === "finish") finish();
    });
  });
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  // The channel closes when the supervisor ends in any way, `kill -9` included.
  process.on("disconnect", end);
  const isSuccessor = process.env[takesOver] !== undefined;
  return {
    takesOver: isSuccessor,
    ready: (details) => process.send?.({ ready: details }),
    async mayListen() {
      if (!isSuccessor) return;
      process.send?.("loaded");
      await hearsListen;
    },
  };
}
