type ProblemFields = {
  status: number;
  code: string;
  detail: string;
  hint?: string;
  retryAfterMs?: number | undefined;
};

/** An error answer of the API (RFC 9457). Without any answer: status 0 and code `unreachable`. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: number;
  /** A stable code that programs can compare. */
  readonly code: string;
  readonly detail: string;
  readonly hint: string;
  /** How long to wait before the next try; undefined when the answer has no `Retry-After`. */
  readonly retryAfterMs: number | undefined;

  constructor({ status, code, detail, hint = "", retryAfterMs }: ProblemFields, cause?: unknown) {
    super(detail, { cause });
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.hint = hint;
    this.retryAfterMs = retryAfterMs;
  }

  /**
   * Whether the same request may succeed later: after too many requests, a full queue, a failing gateway or no network.
   */
  get isPassing(): boolean {
    return [0, 429, 502, 503, 504].includes(this.status);
  }
}

export const unreachable = (cause: unknown): Problem =>
  new Problem(
    {
      status: 0,
      code: "unreachable",
      detail: "The server cannot be reached",
      hint: "Check the network.",
    },
    cause,
  );

/**
 * The error for an answer that the API did not send, such as the login page of a hotel's network.
 */
export const notFromTheApi = (cause: unknown): Problem =>
  new Problem(
    {
      status: 502,
      code: "not_from_the_api",
      detail: "The answer is not from the API",
      hint: "A proxy or a login page between this client and the site has answered.",
    },
    cause,
  );

/** Reads an error answer, whether the API or a proxy sent the answer. */
export async function problemOf(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => undefined);
  const field = (name: string): string | undefined => {
    const value: unknown = typeof body === "object" && body !== null ? Reflect.get(body, name) : undefined;
    return typeof value === "string" ? value : undefined;
  };
  const seconds = Number(response.headers.get("retry-after"));
  return new Problem({
    status: response.status,
    code: field("code") ?? `http_${response.status}`,
    detail: field("detail") ?? `The server answered ${response.status}`,
    hint: field("hint") ?? "",
    retryAfterMs: seconds > 0 ? seconds * 1000 : undefined,
  });
}
