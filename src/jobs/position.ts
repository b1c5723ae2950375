import { z } from "zod";

/**
 * Where a follower is: a snapshot of transactions as Postgres writes it, "<first still running>:<next>:<running…>".
 * Whoever holds it has seen exactly what was committed then.
 */
export const position = z
  .string()
  .max(10_000)
  .regex(/^\d{1,19}:\d{1,19}:(\d{1,19}(,\d{1,19})*)?$/, "is not a position that we gave")
  .refine(isInOrder, "is not a position that we gave");

/** Postgres reads nothing else: every running transaction lies between the two bounds, in order. */
function isInOrder(text: string): boolean {
  const [first = 0n, next = 0n, ...running] = text.split(/[:,]/).filter(Boolean).map(BigInt);
  const steps = [first, ...running];
  return (
    first > 0n &&
    next < 2n ** 63n &&
    steps.every((xid, n) => xid >= (steps[n - 1] ?? 0n)) &&
    (steps.at(-1) ?? 0n) <= next
  );
}
