import type { Activity } from "./activity.ts";
import type { RunDocument, StoredEvent } from "./documents.ts";
import type { Notebook } from "./notebook.ts";
import type { App } from "./registry.ts";
import { type Document, type Group, type Store, Unstorable } from "./store.ts";

type Options = {
  store: Store;
  notebook: Notebook;
  /** Called when the store cannot hold this document. The other documents of the same group are committed. */
  refused: (document: Document, error: Error) => void;
};

/**
 * Group commit. Before the engine sends an answer, call or signal, it awaits `flush()`, so that all changes that led to
 * the message are committed. One commit runs at a time, and the next one includes all waiting changes. When the store
 * fails, all waiting callers get the error, and the changes wait for the next commit.
 */
export class Journal {
  private readonly options: Options;
  private runs = new Set<RunDocument>();
  private events = new Set<StoredEvent>();
  /** Apps by id. The id is the key, because each registration of an app makes a new object. */
  private apps = new Map<string, App>();
  private forgottenRuns: string[] = [];
  private forgottenEvents: string[] = [];
  private committing: Promise<void> | undefined;
  private next: Promise<void> | undefined;
  commits = 0;

  constructor(options: Options) {
    this.options = options;
  }

  readonly runChanged = (run: RunDocument): void => void this.runs.add(run);
  readonly eventChanged = (event: StoredEvent): void => void this.events.add(event);
  readonly appChanged = (app: App): void => void this.apps.set(app.id, app);

  forgetRun(run: RunDocument): void {
    this.runs.delete(run);
    this.forgottenRuns.push(run.id);
  }

  forgetEvent(event: StoredEvent): void {
    this.events.delete(event);
    this.forgottenEvents.push(event.internalId);
  }

  /** Commits changes that no request caused. When the store fails, the changes wait for the next commit. */
  flushLater(activity: Activity, log: (message: string) => void): void {
    const flush = () =>
      this.flush().catch((error: unknown) =>
        log(`The store has failed: ${error instanceof Error ? error.message : String(error)}`),
      );
    void activity.track(flush);
  }

  /** Resolves when all changes until now are committed. */
  flush(): Promise<void> {
    if (this.next) return this.next;
    if (!this.hasChanges()) return this.committing ?? Promise.resolve();
    if (!this.committing) return this.commit();
    const next = () => {
      this.next = undefined;
      return this.commit();
    };
    this.next = this.committing.then(next, next);
    return this.next;
  }

  private hasChanges(): boolean {
    return (
      this.runs.size > 0 ||
      this.events.size > 0 ||
      this.apps.size > 0 ||
      this.options.notebook.hasChanged ||
      this.forgottenRuns.length > 0 ||
      this.forgottenEvents.length > 0
    );
  }

  private commit(): Promise<void> {
    this.commits += 1;
    const committing = this.write(this.take()).finally(() => {
      if (this.committing === committing) this.committing = undefined;
    });
    this.committing = committing;
    return committing;
  }

  private async write(group: Group): Promise<void> {
    try {
      await this.options.store.commit(group);
    } catch (error) {
      if (!(error instanceof Unstorable)) {
        this.putBack(group);
        throw error;
      }
      const pieces = piecesOf(group);
      const [document] = documentsOf(group);
      if (pieces.length > 1) await this.writeEach(pieces);
      else if (document) this.options.refused(document, error);
    }
  }

  /** When one piece fails, the pieces after it wait for the next commit too. */
  private async writeEach(pieces: Group[]): Promise<void> {
    for (const [index, piece] of pieces.entries()) {
      try {
        await this.write(piece);
      } catch (error) {
        for (const rest of pieces.slice(index + 1)) this.putBack(rest);
        throw error;
      }
    }
  }

  /**
   * After a failed commit, adds the group's changes to the next commit. Documents that were deleted or replaced
   * meanwhile are left out.
   */
  private putBack({ runs, events, apps, notes, forgotten }: Group): void {
    const goneRuns = new Set(this.forgottenRuns);
    const goneEvents = new Set(this.forgottenEvents);
    for (const run of runs) if (!goneRuns.has(run.id)) this.runs.add(run);
    for (const event of events) if (!goneEvents.has(event.internalId)) this.events.add(event);
    for (const app of apps) if (!this.apps.has(app.id)) this.apps.set(app.id, app);
    this.options.notebook.putBack(notes);
    this.forgottenRuns.push(...forgotten.runs);
    this.forgottenEvents.push(...forgotten.events);
  }

  private take(): Group {
    const group: Group = {
      runs: [...this.runs],
      events: [...this.events],
      apps: [...this.apps.values()],
      notes: this.options.notebook.takeChanges(),
      forgotten: { runs: this.forgottenRuns, events: this.forgottenEvents },
    };
    this.runs = new Set();
    this.events = new Set();
    this.apps = new Map();
    this.forgottenRuns = [];
    this.forgottenEvents = [];
    return group;
  }
}

const empty: Group = {
  runs: [],
  events: [],
  apps: [],
  notes: { written: [], deleted: [] },
  forgotten: { runs: [], events: [] },
};

const documentsOf = ({ runs, events, apps, notes }: Group): Document[] => [
  ...runs,
  ...events,
  ...apps,
  ...notes.written,
];

/** Splits a group into groups of one document each, and one group of all deletions. */
const piecesOf = ({ runs, events, apps, notes, forgotten }: Group): Group[] => [
  ...runs.map((run) => ({ ...empty, runs: [run] })),
  ...events.map((event) => ({ ...empty, events: [event] })),
  ...apps.map((app) => ({ ...empty, apps: [app] })),
  ...notes.written.map((note) => ({ ...empty, notes: { written: [note], deleted: [] } })),
  ...(notes.deleted.length + forgotten.runs.length + forgotten.events.length === 0
    ? []
    : [{ ...empty, notes: { written: [], deleted: notes.deleted }, forgotten }]),
];
