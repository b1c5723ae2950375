import { PART_BYTES, PART_ROWS } from "#imports/plan-import.ts";
import type { Row } from "#lib/tables/table.ts";

/** The cost of a month in which this import is the only work, by the number of its parts. */
export type EstimateImport = (parts: number) => { usage: { executions: number }; cheapestUsd: number | null };

/**
 * Estimates how many rows a file has, from the length of its first rows, and what their import costs. Null for a packed
 * file, because its unpacked size is unknown.
 */
export function estimateOfFile(
  first: readonly Row[],
  file: { bytes: number; isGzip: boolean },
  estimate: EstimateImport,
): { rows: number; executions: number; cheapestUsd: number | null } | null {
  const [begin, last] = [first[0], first.at(-1)];
  if (begin === undefined || last === undefined || file.isGzip) return null;
  const restBytes = file.bytes - begin.offset;
  const rowBytes = first.length === 1 ? restBytes : (last.offset - begin.offset) / (first.length - 1);
  const rows = Math.round(restBytes / rowBytes);
  const parts = Math.ceil(rows / Math.min(PART_ROWS, Math.ceil(PART_BYTES / rowBytes)));
  const { usage, cheapestUsd } = estimate(parts);
  return { rows, executions: usage.executions, cheapestUsd };
}
