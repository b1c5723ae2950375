import { DEFAULT_PRIORITY, type Priority } from "#lib/engine/priorities.ts";
import { AppError } from "#lib/errors.ts";
import type { Requester } from "#lib/http/route.ts";

/**
 * Backpressure and time: what `accept_job` lets in, and when it may begin. 429 tells a caller that they are too
 * fast, 503 that we cannot keep what we would promise; both say when to come back.
 */
export type Limits = {
  perSecond: number;
  /** Jobs of one kind that may wait; at the end of the line everybody is refused. */
  waiting: number;
  /** Whether work is refused already when the line before it is longer than its class's promise. */
  byPromise: boolean;
};

type Wishes = {
  priority?: Priority | undefined;
  /** ISO time after which nobody wants the work any more. */
  deadlineAt?: string | undefined;
  /** How long it rests before it may begin; its promise counts from then. */
  delayMs?: number | undefined;
  /** The room lets it begin, with `private.release_jobs`. */
  held?: boolean | undefined;
};

/** The `p_limits` of `private.accept_job`. */
export type AcceptLimits = Limits & Wishes & { priority: Priority };

const DEFAULT_LIMITS: Limits = { perSecond: 100, waiting: 10_000, byPromise: true };

/** Kinds of work that deserve a shorter or longer queue than most. */
const LIMITS_BY_KIND: Record<string, Partial<Limits>> = {};

export const limitsFor = (kind: string, wishes: Wishes = {}): AcceptLimits => ({
  ...DEFAULT_LIMITS,
  ...LIMITS_BY_KIND[kind],
  ...wishes,
  priority: wishes.priority ?? DEFAULT_PRIORITY,
});

/** Who may be faster than others: a key of the site and administrators choose freely, a person not above normal. */
export function allowedPriority(
  { id, role }: Pick<Requester, "id" | "role">,
  wanted: Priority = DEFAULT_PRIORITY,
): Priority {
  if (wanted >= DEFAULT_PRIORITY || role === "admin" || !id.startsWith("user:")) return wanted;
  throw new AppError("forbidden", `Priority ${wanted} is not for user tokens`, {
    hint: `Ask for priority ${DEFAULT_PRIORITY} or lower (a higher number), or use an API key.`,
  });
}
