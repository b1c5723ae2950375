import { z } from "zod";

/**
 * Keyset pages: the cursor is the sort key of the last row, opaque to the caller. A list asks for one row more than
 * it shows, to know whether there is a next page.
 */
const position = z.strictObject({ at: z.iso.datetime({ offset: true }), id: z.string().max(100) });
export type Position = z.output<typeof position>;

const cursor = z
  .string()
  .max(300)
  .transform((text, context): Position => {
    const parsed = position.safeParse(parseOrNull(Buffer.from(text, "base64url").toString()));
    if (parsed.success) return parsed.data;
    context.addIssue({ code: "custom", message: "is not a cursor that we gave" });
    return z.NEVER;
  });

/** The query fields that every list has. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: cursor.optional(),
};

export function toPage<Row>(rows: readonly Row[], limit: number, positionOf: (row: Row) => Position) {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const hasMore = rows.length > limit && last !== undefined;
  return { items, nextCursor: hasMore ? encode(positionOf(last)) : null };
}

const encode = (value: Position): string => Buffer.from(JSON.stringify(value)).toString("base64url");

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
