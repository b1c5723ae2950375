/**
 * All error codes. `problem.ts` turns a code into an HTTP answer, and `failed-tries.ts` turns it into retry, retry
 * later or stop. The message of an error decides nothing.
 *
 * - "retry": another try may help, by the function's policy; after an outage of our own, without using one of its
 *   tries.
 * - "later": another try may help, but not before `retryAfterMs`.
 * - "stop": the same call will fail again in the same way.
 */
export type Meaning = { status: number; retry: "retry" | "later" | "stop"; title: string; hint: string };

export const MEANINGS = {
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
  unauthorized: meaning(
    401,
    "stop",
    "Authentication required",
    "Send `Authorization: Bearer <API key or user token>`.",
  ),
  invalid_signature: meaning(
    401,
    "stop",
    "The signature is not valid",
    "Sign the raw bytes with the current secret, and send them within five minutes.",
  ),
  forbidden: meaning(403, "stop", "Not allowed", "Use a key or a user with the role that the message names."),
  not_found: meaning(
    404,
    "stop",
    "Not found",
    "Check the address and its id. What belongs to another owner is also reported as not found.",
  ),
  method_not_allowed: meaning(405, "stop", "Method not allowed", "The Allow header names the methods."),
  conflict: meaning(409, "stop", "Conflict", "Read it again, and decide by its present state."),
  already_handled: meaning(
    409,
    "stop",
    "Already handled",
    "Another administrator has handled it: read the dead letter again.",
  ),
  job_ended: meaning(409, "stop", "The job has ended", "There is nothing left to cancel."),
  idempotency_conflict: meaning(
    409,
    "stop",
    "Idempotency key used for another request",
    "Use a new key for new work, or repeat the first request unchanged.",
  ),
  payload_too_large: meaning(
    413,
    "stop",
    "Request too large",
    "Send less data, or split it into several requests.",
  ),
  unsupported_media_type: meaning(415, "stop", "Unsupported content type", "Set Content-Type as documented."),
  too_many_requests: meaning(
    429,
    "later",
    "Too many requests",
    "Wait for Retry-After seconds and try again.",
  ),
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
    "A provider limits our requests",
    "It is retried automatically.",
  ),
  provider_unavailable: meaning(
    502,
    "retry",
    "A provider does not work at the moment",
    "It is retried automatically.",
  ),
  provider_timeout: meaning(
    504,
    "retry",
    "A provider did not answer in time",
    "It is retried automatically.",
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
  sender_refused: meaning(
    502,
    "stop",
    "Receiving servers refuse our domain",
    "Correct SPF, DKIM and DMARC of the sender's domain, then reprocess.",
  ),
  provider_answer_too_large: meaning(
    502,
    "retry",
    "A provider's answer is too large",
    "It is retried automatically.",
  ),
  provider_conflict: meaning(
    502,
    "stop",
    "A provider has other content for this idempotency key",
    "Check what the provider received before you send anything again.",
  ),
  address_refused: meaning(
    422,
    "stop",
    "This address may not be called",
    "Give a public https:// address on port 443 or 8443, without user and password. ALLOW_PRIVATE_HOSTS allows private networks.",
  ),
  invalid_recipient: meaning(422, "stop", "This address cannot receive mail", "Correct the address."),
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
  invalid_report: meaning(
    422,
    "stop",
    "The report cannot be generated",
    "Request a shorter period. The mails of one campaign are also at GET /api/campaigns/:id/sends, page by page.",
  ),
  invalid_picture: meaning(
    422,
    "stop",
    "This is not a picture",
    "Send a PNG, JPEG or WebP that other programs can open.",
  ),
  outcome_unknown: meaning(
    500,
    "stop",
    "The outcome is unknown",
    "Look it up at the provider, then resolve it.",
  ),
  canceled: meaning(409, "stop", "Canceled", "Submit it again if the work is still wanted."),
  deadline_passed: meaning(
    409,
    "stop",
    "The deadline has passed",
    "Submit it again with a later deadline if the work is still wanted.",
  ),
  internal: meaning(500, "retry", "Internal error", "Try again. If the error stays, look into the logs."),
} as const satisfies Record<string, Meaning>;

function meaning(status: number, retry: Meaning["retry"], title: string, hint: string): Meaning {
  return { status, retry, title, hint };
}
