import { z } from "zod";
import { AppError } from "#lib/errors.ts";
import type { Requester, Route } from "#lib/http/route.ts";
import type { Logger } from "#lib/logger.ts";
import type { JobRepository } from "./repository.ts";

type Dependencies = { jobs: Pick<JobRepository, "reserve">; logger: Logger };

/** The details of the error that refuses a request because the queue is full (`private.refuse_for_now`). */
const refusal = z.object({ kind: z.string(), priority: z.number(), places: z.number() });

/**
 * A request that is refused because the queue is full gets a reservation: it is admitted when it is repeated after
 * `Retry-After`. The reservation needs its own transaction, because the refusal has rolled back the first one. If the
 * reservation fails, the answer keeps the 30 s of the refusal.
 */
export function reserveOnRefusal({ jobs, logger }: Dependencies) {
  return (route: Route): Route => ({
    ...route,
    async handle(input) {
      try {
        return await route.handle(input);
      } catch (error) {
        throw await withReservation(error, input.requester, input.idempotencyKey);
      }
    },
  });

  async function withReservation(
    thrown: unknown,
    requester: Requester | undefined,
    request: string | undefined,
  ) {
    if (!(thrown instanceof AppError) || thrown.code !== "queue_full" || !requester) return thrown;
    const refused = refusal.safeParse(thrown.details);
    if (!refused.success) return thrown;
    const seconds = await jobs.reserve(refused.data, requester.id, request).catch((err: unknown) => {
      logger.warn({ err, kind: refused.data.kind }, "could not make a reservation");
      return null;
    });
    if (seconds === null) return thrown;
    const { code, message, details } = thrown;
    return new AppError(code, message, { retryAfterMs: seconds * 1000, details, cause: thrown });
  }
}
