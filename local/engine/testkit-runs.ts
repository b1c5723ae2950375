import type { RunDocument } from "./documents.ts";
import { newRun } from "./runs.ts";

/** A run for a test, with these properties. */
export const runWith = (more: Partial<RunDocument> = {}): RunDocument => ({
  ...newRun({
    id: "run",
    functionId: "fn",
    appId: "app",
    eventIds: [],
    events: [{ id: "e", name: "go", data: { id: 1 }, ts: 1 }],
    priority: 0,
    limits: [],
    queuedAt: 0,
  }),
  ...more,
});
