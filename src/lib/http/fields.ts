import { z } from "zod";

/**
 * The types of what a request says, for every route's params, query and body. Each is as narrow as the column behind
 * it, so that nothing that passes here is refused by Postgres, and each has an upper bound.
 * tests/doors/bounded-schemas.test.ts walks all schemas and refuses a field without one.
 */

export const uuid = z.uuid();

/** Text of at most so many UTF-16 units; Postgres counts the same or fewer characters. */
export const text = (maxLength: number) => z.string().max(maxLength);

/** The same where an empty text says nothing. */
export const filledText = (maxLength: number) => z.string().min(1).max(maxLength);

/** The same without the space around it. */
export const trimmedText = (maxLength: number) => z.string().trim().min(1).max(maxLength);

/** Up to here JavaScript counts without gaps: a larger number would be stored as another one. */
const MOST = Number.MAX_SAFE_INTEGER;

/** Any number that JavaScript and `double precision` hold alike. */
export const safeNumber = z.number().min(-MOST).max(MOST);

/** A whole number in a path or a query, where everything is text. */
export const count = (min: number, max: number = MOST) => z.coerce.number().int().min(min).max(max);

/** The number of a row (`bigint`) in a path. */
export const rowNumber = count(1);

/**
 * A moment in ISO 8601 with its offset from UTC. Postgres refuses the year 0 and offsets that no place on earth has;
 * arithmetic with the years allowed here stays within what it can hold.
 */
export const instant = z.iso
  .datetime({ offset: true })
  .max(40)
  .regex(
    /^(?:19[7-9]\d|2\d\d\d)-.*(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/,
    "must lie between 1970 and 2999, with an offset of at most 14 hours",
  );

/**
 * A cursor, as a page's `nextCursor` gave it: opaque to the caller, and checked whole before it reaches SQL.
 * `position` is the sort key of the last row that was seen.
 */
export const cursor = <Position>(position: z.ZodType<Position>) =>
  z
    .string()
    .max(200)
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
 * Where a follower of a stream is: a snapshot of transactions as Postgres writes it, "<first still running>:<next>:
 * <running…>". Its holder has seen exactly what was committed then.
 */
export const streamPosition = text(10_000)
  .regex(/^\d{1,18}:\d{1,18}:(\d{1,18}(,\d{1,18})*)?$/, {
    error: "is not a position that we gave",
    abort: true,
  })
  .refine(isSnapshot, "is not a position that we gave");

/** Postgres reads nothing else: the running ones lie between the two bounds, the upper one excluded, in order. */
function isSnapshot(position: string): boolean {
  const [first = 0n, next = 0n, ...running] = position.split(/[:,]/).filter(Boolean).map(BigInt);
  const isInOrder = running.every((id, n) => id >= (running[n - 1] ?? first) && id < next);
  return first > 0n && first <= next && isInOrder;
}
