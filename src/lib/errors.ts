import { cut } from "#lib/cut.ts";

/**
 * All error codes. `problem.ts` turns a code into an HTTP answer, and `inngest.ts` turns it into retry, retry later or
 * stop. No code decides by an error's message.
 *
 * - "retry": worth another try, by the function's policy.
 * - "later": worth another try, but not before `retryAfterMs`.
 * - "stop": the same call will fail again in the same way.
 */
type Meaning = { status: number; retry: "retry" | "later" | "stop"; title: string; hint: string };

const MEANINGS = {
  invalid_request: meaning(
    400,
    "stop",
    "The request is not valid",
    "Compare the fields with /api/openapi.json.",
  ),
  invalid_json: meaning(400, "stop", "The body is not JSON", "Send one JSON value encoded as UTF-8."),
  invalid_encoding: meaning(
    400,
    "stop",
    "The body is not UTF-8",
    "Encode the text as UTF-8 and send it again.",
  ),
  unauthorized: meaning(401, "stop", "Who are you?", "Send `Authorization: Bearer <API key or user token>`."),
  forbidden: meaning(403, "stop", "Not allowed", "Come with a key, or as a user, of the role it names."),
  not_found: meaning(
    404,
    "stop",
    "Not found",
    "Check the id; other people's things look as if they did not exist.",
  ),
  method_not_allowed: meaning(405, "stop", "Method not allowed", "The Allow header names the methods."),
  conflict: meaning(409, "stop", "Conflict", "Read the thing again: it has changed."),
  already_handled: meaning(
    409,
    "stop",
    "Already handled",
    "Somebody was faster: read the dead letter again.",
  ),
  job_ended: meaning(409, "stop", "The job has ended", "Nothing is left to cancel."),
  idempotency_conflict: meaning(
    409,
    "stop",
    "Idempotency key used for something else",
    "Use a new key for new work, or repeat the first request unchanged.",
  ),
  payload_too_large: meaning(413, "stop", "Too large", "Send less, or send it in parts."),
  unsupported_media_type: meaning(415, "stop", "Unsupported content type", "Set Content-Type as documented."),
  too_many_requests: meaning(429, "later", "Too fast", "Wait for Retry-After seconds and try again."),
  headers_too_large: meaning(431, "stop", "Headers too large", "Send fewer or shorter headers and cookies."),
  queue_full: meaning(503, "later", "Queue full", "Wait for Retry-After seconds and try again."),
  database_unavailable: meaning(503, "retry", "The database does not answer", "Try again in a moment."),
  storage_unavailable: meaning(503, "retry", "The storage does not answer", "Try again in a moment."),
  engine_unavailable: meaning(503, "retry", "The engine does not answer", "Try again in a moment."),
  not_configured: meaning(503, "stop", "Not configured", "Set what the message names, see .env.example."),
  configuration: meaning(
    500,
    "stop",
    "Wrong configuration",
    "Correct what the message names, see .env.example.",
  ),
  environment_fenced: meaning(
    403,
    "stop",
    "Only production may do this",
    "Use production, or a stand-in provider.",
  ),
  provider_rate_limited: meaning(
    503,
    "later",
    "A provider asks us to slow down",
    "It is tried again by itself.",
  ),
  provider_unavailable: meaning(502, "retry", "A provider is in trouble", "It is tried again by itself."),
  provider_timeout: meaning(
    504,
    "retry",
    "A provider did not answer in time",
    "It is tried again by itself.",
  ),
  provider_rejected: meaning(
    502,
    "stop",
    "A provider refused the request",
    "Correct the data, then reprocess.",
  ),
  provider_unauthorized: meaning(
    502,
    "stop",
    "A provider refuses our key",
    "Replace the key, then reprocess.",
  ),
  provider_answer_too_large: meaning(
    502,
    "retry",
    "A provider's answer is too large",
    "It is tried again by itself.",
  ),
  provider_conflict: meaning(
    502,
    "stop",
    "A provider knows this key with other content",
    "Look at what it has before sending anything again.",
  ),
  address_refused: meaning(
    422,
    "stop",
    "This address may not be called",
    "Give a public https:// address on port 443 or 8443, without user and password.",
  ),
  invalid_recipient: meaning(422, "stop", "This address cannot be mailed", "Correct the address."),
  unreadable_table: meaning(
    400,
    "stop",
    "This file cannot be read",
    "Send a CSV with a header, a JSON array, or one JSON object per line.",
  ),
  already_imported: meaning(
    409,
    "stop",
    "This file was imported before",
    "Send `again: true` if its rows are to be imported once more.",
  ),
  file_changed: meaning(
    409,
    "stop",
    "The file changed while it was read",
    "Import the file again once nothing writes to it any more.",
  ),
  invalid_report: meaning(422, "stop", "The report cannot be shown", "Ask for it as CSV."),
  invalid_picture: meaning(
    422,
    "stop",
    "This is no picture",
    "Send a PNG, JPEG or WebP that opens elsewhere.",
  ),
  outcome_unknown: meaning(
    500,
    "stop",
    "Nobody knows whether it happened",
    "Look it up at the provider and resolve it by hand.",
  ),
  canceled: meaning(409, "stop", "Canceled", "Start it again if it is still wanted."),
  deadline_passed: meaning(
    409,
    "stop",
    "The deadline has passed",
    "Ask again with a later deadline if it is still wanted.",
  ),
  internal: meaning(500, "retry", "Our mistake", "Try again; if it stays, look into the logs."),
} as const satisfies Record<string, Meaning>;

export type ErrorCode = keyof typeof MEANINGS;

export const ERROR_CODES: readonly ErrorCode[] = Object.freeze(Object.keys(MEANINGS).filter(isErrorCode));

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
  /** What the caller can do; by default the general hint of the code. */
  readonly hint: string;
  /** Machine-readable facts for the caller, e.g. which fields are wrong. Never secrets or personal data. */
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

function meaning(status: number, retry: Meaning["retry"], title: string, hint: string): Meaning {
  return { status, retry, title, hint };
}
