import { z } from "zod";
import type { RunDocument, StoredEvent } from "./documents.ts";
import type { Note } from "./notebook.ts";
import type { App } from "./registry.ts";
import type { Store } from "./store.ts";

/** Stores nothing. When the engine stops, its state is lost. */
export const memoryStore = (): Store => ({
  load: () => Promise.resolve({ events: [], runs: [], notes: [], apps: [] }),
  commit: () => Promise.resolve(),
  close: () => Promise.resolve(),
});

/**
 * Stores documents as text, as a database does, so that a test can start a new engine with what a stopped engine
 * committed.
 */
export function documentStore(): Store {
  const tables = {
    runs: new Map<string, string>(),
    events: new Map<string, string>(),
    notes: new Map<string, string>(),
    apps: new Map<string, string>(),
  };
  const put = <T>(table: Map<string, string>, rows: T[], keyOf: (row: T) => string) => {
    for (const row of rows) table.set(keyOf(row), JSON.stringify(row));
  };
  return {
    load: () =>
      Promise.resolve({
        runs: read<RunDocument>(tables.runs),
        events: read<StoredEvent>(tables.events),
        notes: read<Note>(tables.notes),
        apps: read<App>(tables.apps),
      }),
    commit: ({ runs, events, notes, apps, forgotten }) => {
      put(tables.runs, runs, ({ id }) => id);
      put(tables.events, events, ({ internalId }) => internalId);
      put(tables.notes, notes.written, ({ key }) => key);
      put(tables.apps, apps, ({ id }) => id);
      for (const key of notes.deleted) tables.notes.delete(key);
      for (const id of forgotten.runs) tables.runs.delete(id);
      for (const id of forgotten.events) tables.events.delete(id);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}

/** The text was written by `put`, so the cast is safe. */
const read = <T>(table: Map<string, string>): T[] =>
  [...table.values()].map((text) => z.custom<T>().parse(JSON.parse(text)));
