import type { RunDocument, StoredEvent } from "./documents.ts";
import type { Note } from "./notebook.ts";
import type { App } from "./registry.ts";

export type Document = StoredEvent | RunDocument | App | Note;

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

/** The store cannot hold something in the group: trying again would not help. */
export class Unstorable extends Error {}

/**
 * Where the documents lie. The engine is the only writer and keeps what it needs in memory: a store is read once, at
 * the start. `commit` resolves when the group cannot be lost any more; it rejects with `Unstorable` when the group itself
 * is the reason, and a group that was rejected has left nothing behind.
 */
export type Store = {
  load(): Promise<Snapshot>;
  commit(group: Group): Promise<void>;
  close(): Promise<void>;
};
