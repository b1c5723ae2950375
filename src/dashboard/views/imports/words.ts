import { type Tone, toneOf } from "#dashboard/components/badge.tsx";
import { count, lasting } from "#dashboard/format.ts";
import type { JobChange } from "#dashboard/live.ts";
import type { Import } from "#dashboard/types.ts";

const FUNCTIONS = new Set(["process-import", "undo-import"]);
export const isOfImports = ({ job }: JobChange): boolean => FUNCTIONS.has(job.function);

export const isUnderWay = ({ status }: Pick<Import, "status">): boolean =>
  status === "queued" || status === "running";

/** The text of the import's badge. When an undo failed, the badge shows the import's own status. */
export function stateOf({ status, undo }: Pick<Import, "status" | "undo">): string {
  if (undo === null) return status;
  if (undo.status === "completed") return "undone";
  return isUnderWay(undo) ? "undoing" : status;
}

/** A completed import with rejected rows has a warning color. */
export const toneOfImport = ({ status, counts }: Pick<Import, "status" | "counts">): Tone =>
  status === "completed" && counts.rejected > 0 ? "warn" : toneOf(status);

const UNITS = ["B", "KB", "MB", "GB"];
/** 1,234,567 → "1.2 MB". */
export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${UNITS[unit]}`;
}

/** "2,300 rows per second, about 12 s left". The text is empty when both are unknown. */
export function paceOf({ rowsPerSecond, secondsLeft }: Import["progress"]): string {
  const pace = rowsPerSecond === null ? [] : [`${count(rowsPerSecond)} rows per second`];
  const left = secondsLeft === null ? [] : [`about ${lasting(secondsLeft * 1000)} left`];
  return [...pace, ...left].join(", ");
}

export const SEPARATORS: Readonly<Record<string, string>> = {
  ",": "comma",
  ";": "semicolon",
  "\t": "tab",
  "|": "vertical bar",
};
