/** What a process of the stack owes its supervisor: to say when it is ready, and never to outlive it. */
export type Child = { ready(details: { port: number }): void };

/** Shorter than the supervisor's patience, so that we still end by ourselves. */
const patienceMs = 4_000;

/** Call once at the start of a child process. Started by hand (without an IPC channel) it only listens to Ctrl-C. */
export function childOfTheStack({ stop }: { stop: () => void | Promise<void> }): Child {
  let isStopping = false;
  const end = () => {
    if (isStopping) return;
    isStopping = true;
    // A stop that waits for what is gone too, such as a last write to the database, is given up.
    setTimeout(() => process.exit(1), patienceMs);
    void Promise.resolve(stop()).finally(() => process.exit(0));
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  // The channel closes when the supervisor ends in any way, `kill -9` included.
  process.on("disconnect", end);
  return {
    ready: (details) => process.send?.({ ready: details }),
  };
}
