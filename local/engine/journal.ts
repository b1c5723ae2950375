import type { RunDocument, StoredEvent } from "./documents.ts";
import type { Notebook } from "./notebook.ts";
import type { App } from "./registry.ts";
import type { Group, Store } from "./store.ts";

/**
 * Group commit. Nothing leaves the engine before its cause is committed: an answer, a call or a signal first awaits
 * `flush()`. However many wait, one commit is under way at a time and the next one takes them all.
 */
export class Journal {
  private readonly store: Store;
  private readonly notebook: Notebook;
  private runs = new Set<RunDocument>();
  private events = new Set<StoredEvent>();
  private apps = new Set<App>();
  private forgottenRuns: string[] = [];
  private forgottenEvents: string[] = [];
  private committing: Promise<void> | undefined;
  private next: Promise<void> | undefined;
  commits = 0;

  constructor(store: Store, notebook: Notebook) {
    this.store = store;
    this.notebook = notebook;
  }

  readonly runChanged = (run: RunDocument): void => void this.runs.add(run);
  readonly eventChanged = (event: StoredEvent): void => void this.events.add(event);
  readonly appChanged = (app: App): void => void this.apps.add(app);

  forgetRun(run: RunDocument): void {
    this.runs.delete(run);
    this.forgottenRuns.push(run.id);
  }

  forgetEvent(event: StoredEvent): void {
    this.events.delete(event);
    this.forgottenEvents.push(event.internalId);
  }

  /** Resolves when everything that changed until now is safe. */
  flush(): Promise<void> {
    if (this.next) return this.next;
    if (!this.hasChanges()) return this.committing ?? Promise.resolve();
    if (!this.committing) return this.commit();
    this.next = this.committing.then(() => {
      this.next = undefined;
      return this.commit();
    });
    return this.next;
  }

  private hasChanges(): boolean {
    return (
      this.runs.size > 0 ||
      this.events.size > 0 ||
      this.apps.size > 0 ||
      this.notebook.hasChanged ||
      this.forgottenRuns.length > 0 ||
      this.forgottenEvents.length > 0
    );
  }

  private commit(): Promise<void> {
    this.commits += 1;
    const committing = this.store.commit(this.take()).finally(() => {
      if (this.committing === committing) this.committing = undefined;
    });
    this.committing = committing;
    return committing;
  }

  private take(): Group {
    const group: Group = {
      runs: [...this.runs],
      events: [...this.events],
      apps: [...this.apps],
      notes: this.notebook.takeChanges(),
      forgotten: { runs: this.forgottenRuns, events: this.forgottenEvents },
    };
    this.runs = new Set();
    this.events = new Set();
    this.apps = new Set();
    this.forgottenRuns = [];
    this.forgottenEvents = [];
    return group;
  }
}
