/** Resend's error body. */
export type ResendError = { statusCode: number; name: string; message: string };

const error = (statusCode: number, name: string, message: string): ResendError => ({
  statusCode,
  name,
  message,
});

export const validation = (message: string) => error(422, "validation_error", message);
export const missing = (field: string) => error(422, "missing_required_field", `Missing \`${field}\` field.`);

export const errors = {
  badJson: error(400, "validation_error", "The request body is not valid JSON."),
  badKey: error(400, "invalid_idempotency_key", "The key must be between 1-256 chars."),
  missingApiKey: error(401, "missing_api_key", "Missing API key in the authorization header."),
  // Resend's documentation names 403 invalid_api_key, but the real API answers with the error below, or with the same
  // error and status 400.
  invalidApiKey: error(401, "validation_error", "API key is invalid"),
  notFound: error(404, "not_found", "The requested endpoint does not exist."),
  methodNotAllowed: error(405, "method_not_allowed", "Method is not allowed for the requested path."),
  otherContent: error(
    409,
    "invalid_idempotent_request",
    "Same idempotency key used with a different request payload.",
  ),
  stillInFlight: error(
    409,
    "concurrent_idempotent_requests",
    "Same idempotency key used while original request is still in progress.",
  ),
  tooMany: (perSecond: number) =>
    error(
      429,
      "rate_limit_exceeded",
      `Too many requests. You can only make ${perSecond} requests per second. See rate limit response headers for more information. Or contact support to increase rate limit.`,
    ),
};

const injectedNames: Record<number, string> = {
  400: "validation_error",
  401: "validation_error",
  403: "invalid_api_key",
  409: "concurrent_idempotent_requests",
  422: "validation_error",
  429: "rate_limit_exceeded",
  500: "application_error",
  502: "application_error",
  503: "service_unavailable",
};

/** The answer of an injected fault, with Resend's message for that status. */
export function injected(status: number): ResendError {
  if (status === 401) return errors.invalidApiKey;
  return error(
    status,
    injectedNames[status] ?? "internal_server_error",
    `An injected ${status} for testing.`,
  );
}
