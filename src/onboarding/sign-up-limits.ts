import { createHash } from "node:crypto";
import type { Tokens, Want } from "#lib/database/tokens.ts";
import { AppError } from "#lib/errors.ts";

const HOUR_SECONDS = 3600;

/** `capacity` sign-ups at once, and then `perHour` an hour. */
const LIMITS = {
  address: { capacity: 3, perHour: 3 },
  caller: { capacity: 10, perHour: 60 },
  everyone: { capacity: 50, perHour: 18_000 },
} as const;

/**
 * Refuses a sign-up above the limits. An address gets at most three mails an hour, even when a stranger signs it up
 * from many network addresses. Netlify's own rate limits are not used here, because its free plan has only two of them.
 */
export async function limitSignUps(
  tokens: Pick<Tokens, "take">,
  email: string,
  request: Request,
): Promise<void> {
  const caller = request.headers.get("x-nf-client-connection-ip");
  const { granted, waitMs } = await tokens.take([
    want("address", email.toLowerCase()),
    want("everyone", ""),
    ...(caller === null ? [] : [want("caller", caller)]),
  ]);
  if (granted) return;
  throw new AppError("too_many_requests", "Too many sign-ups", { retryAfterMs: Math.max(waitMs, 1000) });
}

/** The key is a hash, because addresses of people and of their networks are personal data. */
function want(what: keyof typeof LIMITS, of: string): Want {
  const { capacity, perHour } = LIMITS[what];
  const hash = createHash("sha256").update(of).digest("hex");
  return { key: `signup:${what}:${hash}`, capacity, refillPerSecond: perHour / HOUR_SECONDS, take: 1 };
}
