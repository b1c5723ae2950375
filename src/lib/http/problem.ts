import { AppError, type ErrorCode, meaningOf } from "#lib/errors.ts";

/** RFC 9457 problem details with our stable `code`, a `hint`, and the field `error` of the source documents. */
export type Problem = {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  hint: string;
  error: string;
  details?: unknown;
};

export const UNFORESEEN = "Something went wrong on our side";

/**
 * The message that a caller may read. The messages of unexpected and of `internal` errors are only logged, because they
 * may quote Postgres or a library.
 */
export const publicMessage = (error: unknown): string =>
  error instanceof AppError && error.code !== "internal" ? error.message : UNFORESEEN;

export function toProblem(error: unknown): Problem {
  const known = error instanceof AppError ? error : new AppError("internal", UNFORESEEN);
  const { status, title } = meaningOf(known.code);
  const detail = publicMessage(known);
  return {
    type: `https://nightshift.dev/problems/${known.code}`,
    title,
    status,
    detail,
    code: known.code,
    hint: known.hint,
    error: detail,
    ...(known.details === undefined || known.code === "internal" ? {} : { details: known.details }),
  };
}

/** The `Retry-After` of an answer, when one of our own services cannot be reached. */
const OUTAGE_PAUSE_MS = 5_000;

export function problemHeaders(error: unknown): Record<string, string> {
  const headers: Record<string, string> = { "content-type": "application/problem+json" };
  if (!(error instanceof AppError)) return headers;
  const { status, retry } = meaningOf(error.code);
  const retryAfterMs =
    error.retryAfterMs ?? (status === 503 && retry !== "stop" ? OUTAGE_PAUSE_MS : undefined);
  if (retryAfterMs !== undefined)
    headers["retry-after"] = String(Math.max(1, Math.ceil(retryAfterMs / 1000)));
  if (error.code === "unauthorized") headers["www-authenticate"] = 'Bearer realm="nightshift"';
  return headers;
}

/** The answer for errors outside a route: the app cannot start, or a door failed. */
export const problemResponse = (error: unknown): Response => {
  const problem = toProblem(error);
  return new Response(JSON.stringify(problem), { status: problem.status, headers: problemHeaders(error) });
};
