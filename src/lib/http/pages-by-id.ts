import { z } from "zod";

/** Keyset pages over rows that are walked in the order of their numbers: the cursor is the last one seen. */
export const idPageQuery = {
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z
    .string()
    .regex(/^\d{1,15}$/, "is not a cursor that we gave")
    .transform(Number)
    .default(0),
};

export function toIdPage<Row extends { id: number }>(rows: readonly Row[], limit: number) {
  const items = rows.slice(0, limit);
  return { items, nextCursor: rows.length > limit ? String(items.at(-1)?.id) : null };
}
