import type { RunDocument, StoredEvent } from "./documents.ts";
import type { Note } from "./notebook.ts";
import type { App } from "./registry.ts";

export type Document = StoredEvent | RunDocument | App | Note;

/** Everything that changed since the last commit. One group is one transaction. */
export type Group = {
  events: StoredEvent[];
  runs: RunDocument[];
  notes: { written: Note[]; deleted: string[] };
  apps: App[];
  /** The ids of runs and events that the engine has deleted from its history. */
  forgotten: { runs: string[]; events: string[] };
};

export type Snapshot = { events: StoredEvent[]; runs: RunDocument[]; notes: Note[]; apps: App[] };

/** Thrown when the store cannot hold something in the group. Another try would not help. */
export class Unstorable extends Error {}

/**
 * Stores the documents. Only one engine uses a store, and the engine keeps in memory what it needs. So the store is
 * read once, at the start. `commit` resolves when the group is durable. `commit` rejects with `Unstorable` when the
 * group itself is the reason. A rejected group has changed nothing.
 */
export type Store = {
  load(): Promise<Snapshot>;
  commit(group: Group): Promise<void>;
  close(): Promise<void>;
};
