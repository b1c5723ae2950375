/**
 * Small notes that outlive a run: rate limits, known event ids, open debounces and batches, the next tick of each cron.
 * Each note expires at its own time. Changes are part of the next commit.
 */
export type Note = { key: string; value: unknown; expiresAt: number };

/** The key of a note. The parts may contain any character. */
export const noteKey = (kind: string, ...parts: string[]): string => kind + JSON.stringify(parts);

/** The `expiresAt` of a note that never expires: the note stays until it is deleted. */
export const forever = Number.MAX_SAFE_INTEGER;

export class Notebook {
  private readonly notes = new Map<string, Note>();
  private readonly changed = new Map<string, Note | undefined>();
  private sweepAt = 1_024;

  load(notes: Iterable<Note>): void {
    for (const note of notes) this.notes.set(note.key, note);
  }

  get(key: string, now: number): unknown {
    const note = this.notes.get(key);
    return note && note.expiresAt > now ? note.value : undefined;
  }

  has(key: string, now: number): boolean {
    return this.get(key, now) !== undefined;
  }

  set(key: string, value: unknown, expiresAt: number, now: number): void {
    const note = { key, value, expiresAt };
    this.notes.set(key, note);
    this.changed.set(key, note);
    if (this.notes.size > this.sweepAt) this.sweep(now);
  }

  delete(key: string): void {
    if (this.notes.delete(key)) this.changed.set(key, undefined);
  }

  *entries(kind: string): Generator<Note> {
    for (const note of this.notes.values()) if (note.key.startsWith(`${kind}[`)) yield note;
  }

  get hasChanged(): boolean {
    return this.changed.size > 0;
  }

  /** Returns what has changed since the last call. */
  takeChanges(): { written: Note[]; deleted: string[] } {
    const written: Note[] = [];
    const deleted: string[] = [];
    for (const [key, note] of this.changed) {
      if (note) written.push(note);
      else deleted.push(key);
    }
    this.changed.clear();
    return { written, deleted };
  }

  /**
   * Called after a failed commit, so that the next commit stores these notes. Notes that have changed again are left
   * out.
   */
  putBack({ written, deleted }: { written: Note[]; deleted: string[] }): void {
    for (const note of written) if (!this.changed.has(note.key)) this.changed.set(note.key, note);
    for (const key of deleted) if (!this.changed.has(key)) this.changed.set(key, undefined);
  }

  /**
   * Deletes expired notes. The next sweep runs when there are twice as many notes as this sweep leaves, so that
   * sweeping takes a constant share of the time of writing.
   */
  private sweep(now: number): void {
    for (const note of this.notes.values()) if (note.expiresAt <= now) this.delete(note.key);
    this.sweepAt = Math.max(1_024, this.notes.size * 2);
  }
}
