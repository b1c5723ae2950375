import { AppError, type ErrorCode, meaningOf } from "#lib/errors.ts";

/** RFC 9457 problem details, plus our stable `code`, what to do about it, and the documents' own field `error`. */
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

export function toProblem(error: unknown): Problem {
  // What we did not foresee is told to the log, not to the caller.
  const known =
    error instanceof AppError ? error : new AppError("internal", "Something went wrong on our side");
  const { status, title } = meaningOf(known.code);
  return {
    type: `https://nightshift.dev/problems/${known.code}`,
    title,
    status,
    detail: known.message,
    code: known.code,
    hint: known.hint,
    error: known.message,
    ...(known.details === undefined ? {} : { details: known.details }),
  };
}

export function problemHeaders(error: unknown): Record<string, string> {
  const headers: Record<string, string> = { "content-type": "application/problem+json" };
  if (!(error instanceof AppError)) return headers;
  if (error.retryAfterMs !== undefined)
    headers["retry-after"] = String(Math.max(1, Math.ceil(error.retryAfterMs / 1000)));
  if (error.code === "unauthorized") headers["www-authenticate"] = 'Bearer realm="nightshift"';
  return headers;
}

/** Where no route is at work: an app that cannot start, a door whose work failed. */
export const problemResponse = (error: unknown): Response => {
  const problem = toProblem(error);
  return new Response(JSON.stringify(problem), { status: problem.status, headers: problemHeaders(error) });
};
