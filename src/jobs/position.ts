import { z } from "zod";

/**
 * Where a follower is: a snapshot of transactions as Postgres writes it, "<first still running>:<next>:<running…>".
 * Whoever holds it has seen exactly what was committed then.
 */
export const position = z.string().max(10_000).refine(isPosition, "is not a position that we gave");

const PATTERN = /^\d{1,18}:\d{1,18}:(\d{1,18}(,\d{1,18})*)?$/;

/** Postgres reads nothing else: those that run lie between the two bounds, in order. */
function isPosition(text: string): boolean {
  if (!PATTERN.test(text)) return false;
  const [first = 0, next = 0, ...running] = text.split(/[:,]/).filter(Boolean).map(Number);
  const inOrder = [first, ...running, next];
  return first > 0 && inOrder.every((xid, n) => xid >= (inOrder[n - 1] ?? 0));
}
