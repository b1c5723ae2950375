import { useState } from "react";

export type Selection = {
  /** The chosen ids, in the order of the list. */
  chosen: readonly string[];
  /** With `isRange`, all items from the last toggled item to this item get the new state of this item. */
  toggle: (id: string, isRange: boolean) => void;
  clear: () => void;
};

/** Which items of a list are selected. An item that leaves the list is not selected any more. */
export function useSelection(ids: readonly string[]): Selection {
  const [kept, setKept] = useState<ReadonlySet<string>>(new Set());
  const [last, setLast] = useState<string>();
  return {
    chosen: ids.filter((id) => kept.has(id)),
    toggle(id, isRange) {
      setKept(withToggled(ids, kept, id, isRange ? last : undefined));
      setLast(id);
    },
    clear: () => setKept(new Set()),
  };
}

export function withToggled(
  ids: readonly string[],
  kept: ReadonlySet<string>,
  id: string,
  from: string | undefined,
): ReadonlySet<string> {
  const start = from === undefined ? -1 : ids.indexOf(from);
  const end = ids.indexOf(id);
  const range = start === -1 ? [id] : ids.slice(Math.min(start, end), Math.max(start, end) + 1);
  const next = new Set(kept);
  for (const one of range) {
    if (kept.has(id)) next.delete(one);
    else next.add(one);
  }
  return next;
}
