import { z } from "zod";

/**
 * Zod types for every route's params, query and body. Each type is as narrow as its column, so that Postgres accepts
 * every valid value. Each type has an upper bound, which a test checks in all schemas.
 */

export const uuid = z.uuid();

/** Text of at most `maxLength` UTF-16 units. Postgres counts the same number of characters or fewer. */
export const text = (maxLength: number) => z.string().max(maxLength);

/** Text that must not be empty. */
export const filledText = (maxLength: number) => z.string().min(1).max(maxLength);

/** Text that must not be empty. Spaces at its beginning and end are removed. */
export const trimmedText = (maxLength: number) => z.string().trim().min(1).max(maxLength);

/** JavaScript rounds integers that are larger than this. */
const MOST = Number.MAX_SAFE_INTEGER;

/** A number that JavaScript and `double precision` both store exactly. */
export const safeNumber = z.number().min(-MOST).max(MOST);

/** An integer in a path or a query, which arrives as text. */
export const count = (min: number, max: number = MOST) => z.coerce.number().int().min(min).max(max);

/** The number of a row (`bigint`), in a path. */
export const rowNumber = count(1);

/**
 * A time in ISO 8601 with its offset from UTC. The limits exclude what Postgres refuses (the year 0, impossible
 * offsets), and leave room for arithmetic.
 */
export const instant = z.iso
  .datetime({ offset: true })
  .max(40)
  .regex(
    /^(?:19[7-9]\d|2\d\d\d)-.*(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/,
    "must lie between 1970 and 2999, with an offset of at most 14 hours",
  );

/**
 * A cursor: the `nextCursor` of a page. Its content is not meant for the caller, and is validated before SQL uses it.
 * `position` is the sort key of the last row that the caller saw.
 */
export const cursor = <Position>(position: z.ZodType<Position>) =>
  z
    .string()
    // The limit allows an id of 300 characters, each of which may need 6 bytes in JSON.
    .max(2500)
    .regex(/^[\w-]+$/, NO_CURSOR)
    .transform((encoded, context): Position => {
      const parsed = position.safeParse(parseOrNull(Buffer.from(encoded, "base64url").toString()));
      if (parsed.success) return parsed.data;
      context.addIssue({ code: "custom", message: NO_CURSOR });
      return z.NEVER;
    });

const NO_CURSOR = "is not a cursor that we gave";

export const encodeCursor = (position: unknown): string =>
  Buffer.from(JSON.stringify(position)).toString("base64url");

function parseOrNull(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

/**
 * The position of a stream's reader: a Postgres snapshot of transactions, "<first still running>:<next>: <running…>".
 * The reader has seen exactly the transactions that the snapshot shows as committed.
 */
export const streamPosition = text(10_000)
  .regex(/^\d{1,18}:\d{1,18}:(\d{1,18}(,\d{1,18})*)?$/, {
    error: "is not a position that we gave",
    abort: true,
  })
  .refine(isSnapshot, "is not a position that we gave");

/**
 * Checks a snapshot as Postgres does: the ids of running transactions are in order, at or above the lower bound and
 * below the upper bound.
 */
function isSnapshot(position: string): boolean {
  const [first = 0n, next = 0n, ...running] = position.split(/[:,]/).filter(Boolean).map(BigInt);
  const isInOrder = running.every((id, n) => id >= (running[n - 1] ?? first) && id < next);
  return first > 0n && first <= next && isInOrder;
}
