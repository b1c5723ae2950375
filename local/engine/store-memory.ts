import type { Store } from "./store.ts";

/** For tests: what the engine holds is all there is. */
export const memoryStore = (): Store => ({
  load: async () => ({ events: [], runs: [], notes: [], apps: [] }),
  commit: async () => {},
  close: async () => {},
});
