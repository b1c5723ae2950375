import type { RunDocument, StoredEvent } from "./documents.ts";
import type { Note } from "./notebook.ts";
import type { App } from "./registry.ts";

/** Everything that changed since the last commit: one group, one transaction. */
export type Group = {
  events: StoredEvent[];
  runs: RunDocument[];
  notes: { written: Note[]; deleted: string[] };
  apps: App[];
  /** History that has grown too old or too long. */
  forgotten: { runs: string[]; events: string[] };
};

export type Snapshot = { events: StoredEvent[]; runs: RunDocument[]; notes: Note[]; apps: App[] };

/**
 * Where the documents lie. The engine is the only writer and keeps what it needs in memory: a store is read once, at
 * the start. `commit` resolves when the group cannot be lost any more.
 */
export type Store = {
  load(): Promise<Snapshot>;
  commit(group: Group): Promise<void>;
  close(): Promise<void>;
};
