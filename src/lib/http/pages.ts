import { z } from "zod";
import { count, cursor, encodeCursor, filledText, instant, uuid } from "#lib/http/fields.ts";

/**
 * Keyset pages. A list asks the database for one row more than it shows, to know whether there is a next page. The
 * cursor is the sort key of the last row shown. The database returns at most 1,000 rows (`max_rows` in
 * supabase/config.toml), which is enough for the largest page and its extra row.
 */
const MOST_ROWS = 500;

/** The sort key of rows sorted by time, then by an id of this type. */
const byTime = (id: z.ZodType<string>) => z.strictObject({ at: instant, id });
const byName = z.strictObject({ name: filledText(200) });
const byNumber = z.strictObject({ id: z.int().min(0).max(Number.MAX_SAFE_INTEGER) });

export type Position = { at: string; id: string };

/** The query fields of a list of large rows, newest first. */
export const pageQueryBy = (id: z.ZodType<string>) => ({
  limit: count(1, 100).default(20),
  cursor: cursor(byTime(id)).optional(),
});
export const pageQuery = pageQueryBy(uuid);

/** The query fields of a list of small rows, sorted by number. */
export const numberedPageQuery = {
  limit: count(1, MOST_ROWS).default(100),
  cursor: cursor(byNumber).optional(),
};

/** The query fields of a list of small rows, sorted by name. */
export const namedPageQuery = {
  limit: count(1, MOST_ROWS).default(100),
  cursor: cursor(byName).optional(),
};

export function toPage<Row>(
  rows: readonly Row[],
  limit: number,
  positionOf: (row: Row) => Position | { id: number } | { name: string },
) {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const hasMore = rows.length > limit && last !== undefined;
  return { items, nextCursor: hasMore ? encodeCursor(positionOf(last)) : null };
}
