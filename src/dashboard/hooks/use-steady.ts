import { useState } from "react";

type Steady<Row> = {
  rows: readonly Row[];
  /** The number of new rows that are not shown yet. */
  newCount: number;
  showNew: () => void;
  /** The handlers for the element around the rows. */
  hold: { onPointerEnter: () => void; onPointerLeave: () => void };
};

/**
 * While the pointer is over a list, its rows keep their places. Their contents change, but new rows wait until the
 * pointer leaves or the user asks for them.
 */
export function useSteady<Row extends { id: string }>(rows: readonly Row[], subject: string): Steady<Row> {
  const [isHeld, setIsHeld] = useState(false);
  const [held, setHeld] = useState<{ subject: string; ids: readonly string[] }>();
  const holdNow = () => setHeld({ subject, ids: rows.map(({ id }) => id) });

  const isSteady = isHeld && held?.subject === subject;
  const byId = new Map(rows.map((row) => [row.id, row]));
  const kept = isSteady ? held.ids.flatMap((id) => byId.get(id) ?? []) : rows;
  return {
    // When all rows with a kept place have left the list, as after a change of the filter, the current rows are shown.
    rows: isSteady && kept.length > 0 ? kept : rows,
    newCount: isSteady ? rows.filter(({ id }) => !held.ids.includes(id)).length : 0,
    showNew: holdNow,
    hold: {
      onPointerEnter: () => {
        holdNow();
        setIsHeld(true);
      },
      onPointerLeave: () => setIsHeld(false),
    },
  };
}
