import { systemClock } from "#lib/clock.ts";
import { problemResponse, toProblem } from "#lib/http/problem.ts";
import { createRoutes } from "#lib/http/router.ts";
import type { Logger } from "#lib/logger.ts";
import { statusRoutes } from "#status/routes.ts";

/**
 * The answers when the app could not be created, for instance because a variable is missing. "health" says that the
 * process runs, "ready" says that it cannot work, and every other address answers with the reason.
 */
export function answerWithoutApp(
  request: Request,
  error: unknown,
  logger: Logger,
): Promise<Response> | Response {
  const environment = { name: "environment", problem: async () => toProblem(error).detail };
  const routes = statusRoutes({ checks: [environment], clock: systemClock, release: undefined });
  const { pathname } = new URL(request.url);
  if (!routes.some(({ path }) => path === pathname)) return problemResponse(error);
  return createRoutes({ routes, authenticate: async () => undefined, logger })(request);
}
