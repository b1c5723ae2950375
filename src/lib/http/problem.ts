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

export const UNFORESEEN = "Something went wrong on our side";

/**
 * The message that a caller may read. What we did not foresee, and every `internal` error, is told to the log alone: its
 * words may be those of Postgres or of a library.
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

/** How long somebody waits who is refused because something of ours is away. */
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

/** Where no route is at work: an app that cannot start, a door whose work failed. */
export const problemResponse = (error: unknown): Response => {
  const problem = toProblem(error);
  return new Response(JSON.stringify(problem), { status: problem.status, headers: problemHeaders(error) });
};
