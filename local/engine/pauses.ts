import { isMatch, type Tie, tieOf, tieValue } from "./cel-match.ts";
import type { RunDocument, Wait } from "./documents.ts";
import type { EventPayload } from "./protocol.ts";

/**
 * Finds the runs that wait for an event. Most expressions are `event.data.x == async.data.x`. Such waits are indexed by
 * the value that they need, so that an event need not be compared with ten thousand other waits.
 */
export type Paused = { run: RunDocument; wait: Wait };

type Shelf = {
  plain: Set<Paused>;
  /** The index: for each path in an event, the waits by the value that an event must have at that path. */
  byPath: Map<string, { theirs: Tie["theirs"]; values: Map<string, Set<Paused>> }>;
};

export class Pauses {
  private readonly shelves = new Map<string, Shelf>();
  private readonly removers = new Map<Wait, () => void>();

  add(run: RunDocument, wait: Wait): void {
    if (wait.event === undefined) return;
    const shelf = this.shelves.get(wait.event) ?? { plain: new Set(), byPath: new Map() };
    this.shelves.set(wait.event, shelf);
    this.removers.set(wait, file(shelf, { run, wait }));
  }

  remove(wait: Wait): void {
    this.removers.get(wait)?.();
    this.removers.delete(wait);
  }

  /** The waits that this event ends: those that have not ended yet and whose expression is true. */
  matching(event: EventPayload, now: number): Paused[] {
    const shelf = this.shelves.get(event.name);
    if (!shelf) return [];
    const candidates = [...shelf.plain];
    for (const { theirs, values } of shelf.byPath.values())
      candidates.push(...(values.get(tieValue(theirs, event)) ?? []));
    return candidates.filter(
      ({ run, wait }) =>
        wait.expiresAt >= now && wait.notEvent !== event.id && isMatch(wait.expression, run.events[0], event),
    );
  }
}

/**
 * Indexes a pause, and returns the function that removes it. The function also removes an empty entry of the index,
 * because each run may add an entry.
 */
function file(shelf: Shelf, paused: Paused): () => void {
  const tie = paused.wait.expression === undefined ? undefined : tieOf(paused.wait.expression);
  const own = paused.run.events[0];
  if (!tie || !own) {
    shelf.plain.add(paused);
    return () => shelf.plain.delete(paused);
  }
  const path = JSON.stringify(tie.theirs.keys);
  const { values } = shelf.byPath.get(path) ?? { values: new Map<string, Set<Paused>>() };
  shelf.byPath.set(path, { theirs: tie.theirs, values });
  const value = tieValue(tie.mine, own);
  const place = values.get(value) ?? new Set<Paused>();
  values.set(value, place.add(paused));
  return () => {
    place.delete(paused);
    if (place.size === 0 && values.get(value) === place) values.delete(value);
  };
}
