import { z } from "zod";

/**
 * A day in ISO 8601: a field type like those of `fields.ts`. It has its own file, because events use it, and other
 * projects get the events without the types of Node. The limits exclude what Postgres refuses (the year 0), and leave
 * room for arithmetic.
 */
export const day = z.iso
  .date()
  .max(10)
  .regex(/^(?:19[7-9]\d|2\d\d\d)-/, "must lie between 1970 and 2999");
