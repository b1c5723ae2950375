import { type Equality, indexValue, isMatch, requiredEqualityOf } from "./cel-match.ts";
import type { RunDocument, Wait } from "./documents.ts";
import type { EventPayload } from "./protocol.ts";

/**
 * Finds the runs that wait for an event. Most expressions are `event.data.x == async.data.x`. Such waits are indexed by
 * the value that they need, so that an event need not be compared with ten thousand other waits.
 */
export type Paused = { run: RunDocument; wait: Wait };

type PauseIndex = {
  notIndexed: Set<Paused>;
  /** The index: for each path in an event, the waits by the value that an event must have at that path. */
  byPath: Map<string, { otherPath: Equality["otherPath"]; values: Map<string, Set<Paused>> }>;
};

export class Pauses {
  private readonly byEventName = new Map<string, PauseIndex>();
  private readonly removers = new Map<Wait, () => void>();

  add(run: RunDocument, wait: Wait): void {
    if (wait.event === undefined) return;
    const index = this.byEventName.get(wait.event) ?? { notIndexed: new Set(), byPath: new Map() };
    this.byEventName.set(wait.event, index);
    this.removers.set(wait, addToIndex(index, { run, wait }));
  }

  remove(wait: Wait): void {
    this.removers.get(wait)?.();
    this.removers.delete(wait);
  }

  /** The waits that this event ends: those that have not ended yet and whose expression is true. */
  matching(event: EventPayload, now: number): Paused[] {
    const index = this.byEventName.get(event.name);
    if (!index) return [];
    const candidates = [...index.notIndexed];
    for (const { otherPath, values } of index.byPath.values())
      candidates.push(...(values.get(indexValue(otherPath, event)) ?? []));
    return candidates.filter(
      ({ run, wait }) => wait.expiresAt >= now && isMatch(wait.expression, run.events[0], event),
    );
  }
}

/**
 * Indexes a pause, and returns the function that removes it. The function also removes an empty entry of the index,
 * because each run may add an entry.
 */
function addToIndex(index: PauseIndex, paused: Paused): () => void {
  const equality =
    paused.wait.expression === undefined ? undefined : requiredEqualityOf(paused.wait.expression);
  const own = paused.run.events[0];
  if (!equality || !own) {
    index.notIndexed.add(paused);
    return () => index.notIndexed.delete(paused);
  }
  const path = JSON.stringify(equality.otherPath.keys);
  const { values } = index.byPath.get(path) ?? { values: new Map<string, Set<Paused>>() };
  index.byPath.set(path, { otherPath: equality.otherPath, values });
  const value = indexValue(equality.ownPath, own);
  const group = values.get(value) ?? new Set<Paused>();
  values.set(value, group.add(paused));
  return () => {
    group.delete(paused);
    if (group.size === 0 && values.get(value) === group) values.delete(value);
  };
}
