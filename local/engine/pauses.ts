import { evaluate, isTrue } from "./cel.ts";
import type { RunDocument, Wait } from "./documents.ts";
import type { EventPayload } from "./protocol.ts";

/**
 * Finds the runs that an event concerns. Most expressions say `event.data.x == async.data.x`: such waits are filed
 * under the value they want, so that an event meets its own run and not ten thousand others.
 */
export type Paused = { run: RunDocument; wait: Wait };

type Shelf = {
  plain: Set<Paused>;
  /** path in the new event -> wanted value -> who wants it */
  byPath: Map<string, Map<string, Set<Paused>>>;
};

const equality = /(?:^|&&)\s*(event|async)\.([\w.]+)\s*==\s*(event|async)\.([\w.]+)\s*(?=&&|$)/;

/** The first conjunct that ties the new event to the run's own, if the expression is only a list of conjuncts. */
function tieOf(expression: string): { mine: string; theirs: string } | undefined {
  if (/\|\||[?'"]/.test(expression)) return undefined;
  const [, left, leftPath, right, rightPath] = equality.exec(expression) ?? [];
  if (leftPath === undefined || rightPath === undefined || left === right) return undefined;
  return left === "event" ? { mine: leftPath, theirs: rightPath } : { mine: rightPath, theirs: leftPath };
}

const valueAt = (event: EventPayload, path: string): string =>
  JSON.stringify(evaluate(`event.${path}`, { event })) ?? "null";

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

  /** Whoever waits for this event, expression and time considered. */
  matching(event: EventPayload, now: number): Paused[] {
    const shelf = this.shelves.get(event.name);
    if (!shelf) return [];
    const candidates = [...shelf.plain];
    for (const [path, values] of shelf.byPath) candidates.push(...(values.get(valueAt(event, path)) ?? []));
    return candidates.filter(
      ({ run, wait }) =>
        wait.expiresAt >= now &&
        wait.notEvent !== event.id &&
        isTrue(wait.expression, { event: run.events[0], async: event }),
    );
  }
}

/** Files a pause and returns how to take it out again. Values are many, so that their places go when they are empty. */
function file(shelf: Shelf, paused: Paused): () => void {
  const tie = paused.wait.expression === undefined ? undefined : tieOf(paused.wait.expression);
  const own = paused.run.events[0];
  if (!tie || !own) {
    shelf.plain.add(paused);
    return () => shelf.plain.delete(paused);
  }
  const values = shelf.byPath.get(tie.theirs) ?? new Map<string, Set<Paused>>();
  shelf.byPath.set(tie.theirs, values);
  const value = valueAt(own, tie.mine);
  const place = values.get(value) ?? new Set<Paused>();
  values.set(value, place.add(paused));
  return () => {
    place.delete(paused);
    if (place.size === 0 && values.get(value) === place) values.delete(value);
  };
}
