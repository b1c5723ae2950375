import type { RunDocument, StoredEvent } from "./documents.ts";
import type { Journal } from "./journal.ts";

/**
 * All runs and events that the engine keeps. Unfinished runs stay. Ended runs are removed when there are too many or
 * they are too old, and an event is removed with the last run that it started, so that memory stays bounded over weeks.
 */
export type HistoryBounds = { runs: number; events: number; ageMs: number };
export const defaultHistory: HistoryBounds = { runs: 5_000, events: 10_000, ageMs: 7 * 86_400_000 };

export class History {
  readonly runs = new Map<string, RunDocument>();
  readonly events = new Map<string, StoredEvent>();
  /** Oldest first. */
  private readonly ended = new Set<RunDocument>();
  private readonly loose = new Set<StoredEvent>();
  private readonly bounds: HistoryBounds;
  private readonly journal: Journal;

  constructor(bounds: HistoryBounds, journal: Journal) {
    this.bounds = bounds;
    this.journal = journal;
  }

  addRun(run: RunDocument): void {
    this.runs.set(run.id, run);
    for (const id of run.eventIds) {
      const event = this.events.get(id);
      if (event) this.loose.delete(event);
    }
  }

  addEvent(event: StoredEvent): void {
    this.events.set(event.internalId, event);
    if (event.runIds.length === 0) this.loose.add(event);
  }

  runEnded(run: RunDocument): void {
    this.ended.add(run);
  }

  /** Removes ended runs and events that exceed the bounds. A call takes time only for what it removes. */
  trim(now: number): void {
    const oldest = now - this.bounds.ageMs;
    for (const run of this.ended) {
      if (this.ended.size <= this.bounds.runs && (run.endedAt ?? now) >= oldest) break;
      this.forgetRun(run);
    }
    for (const event of this.loose) {
      if (this.loose.size <= this.bounds.events && event.receivedAt >= oldest) break;
      this.forgetEvent(event);
    }
  }

  forgetEvent(event: StoredEvent): void {
    this.loose.delete(event);
    this.events.delete(event.internalId);
    this.journal.forgetEvent(event);
  }

  private forgetRun(run: RunDocument): void {
    this.ended.delete(run);
    this.runs.delete(run.id);
    this.journal.forgetRun(run);
    for (const id of run.eventIds) {
      const event = this.events.get(id);
      if (event && !event.runIds.some((runId) => this.runs.has(runId))) this.forgetEvent(event);
    }
  }
}
