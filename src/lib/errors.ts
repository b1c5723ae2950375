import { cut } from "#lib/cut.ts";
import { MEANINGS, type Meaning } from "#lib/error-codes.ts";

export type ErrorCode = keyof typeof MEANINGS;

export const ERROR_CODES: readonly ErrorCode[] = Object.freeze(Object.keys(MEANINGS).filter(isErrorCode));

const OUR_OUTAGES: ReadonlySet<ErrorCode> = new Set([
  "database_unavailable",
  "storage_unavailable",
  "engine_unavailable",
]);

/**
 * Whether the code stands for an outage of our own services, after which work is tried again without using one of its
 * tries.
 */
export const isOurOutage = (code: ErrorCode): boolean => OUR_OUTAGES.has(code);

export const meaningOf = (code: ErrorCode): Meaning => MEANINGS[code];

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(MEANINGS, value);
}

type Options = { cause?: unknown; retryAfterMs?: number | undefined; hint?: string; details?: unknown };

export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  /** Milliseconds from now until another try makes sense. */
  readonly retryAfterMs: number | undefined;
  /** Advice for the caller; by default the general hint of the code. */
  readonly hint: string;
  /**
   * Machine-readable details for the caller, such as the names of wrong fields. The details contain no secrets and no
   * personal data.
   */
  readonly details: unknown;

  constructor(code: ErrorCode, message: string, options: Options = {}) {
    super(cut(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
    this.hint = options.hint ?? MEANINGS[code].hint;
    this.details = options.details;
  }
}

/**
 * The code of an error: of an AppError, of a step error inside a run, or of a failure event. Inngest keeps only `cause:
 * { code }`, so the code is read from there.
 */
export function codeOf(error: unknown): ErrorCode | undefined {
  for (let depth = 0, current = error; depth < 5 && isRecord(current); depth++, current = current["cause"]) {
    if (isErrorCode(current["code"])) return current["code"];
  }
  return undefined;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
