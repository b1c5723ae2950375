import { notFromTheApi, problemOf, unreachable } from "./problem.ts";

export type Init = { body?: unknown; headers?: Record<string, string>; signal?: AbortSignal | undefined };
export type Request = (method: string, path: string, init?: Init) => Promise<Response>;

type Options = { baseUrl: string; key: () => string | null; fetch: typeof globalThis.fetch };

/** Sends one request with the key in its header. Throws a Problem for answers that are not ok and for no answer. */
export const createRequest =
  ({ baseUrl, key, fetch }: Options): Request =>
  async (method, path, { body, headers = {}, signal } = {}) => {
    const secret = key();
    const response = await fetch(`${baseUrl}${path}`, {
      method,
      signal: signal ?? null,
      headers: {
        ...(secret === null ? {} : { authorization: `Bearer ${secret}` }),
        ...contentType(body),
        ...headers,
      },
      ...(body === undefined ? {} : { body: body instanceof Blob ? body : JSON.stringify(body) }),
    }).catch((error: unknown) => {
      throw signal?.aborted ? error : unreachable(error);
    });
    if (!response.ok) throw await problemOf(response);
    return response;
  };

/** A Blob (an image, a file) is sent as it is and carries its own content type; everything else is JSON. */
function contentType(body: unknown): Record<string, string> {
  if (body === undefined) return {};
  if (!(body instanceof Blob)) return { "content-type": "application/json" };
  return body.type === "" ? {} : { "content-type": body.type };
}

/** Parses JSON as the type that the caller expects; undefined for an empty answer. */
export async function readJson<T>(response: Response): Promise<T>;
export async function readJson(response: Response): Promise<unknown> {
  if (response.status === 204) return undefined;
  const body: unknown = await response.json().catch((error: unknown) => {
    throw error instanceof SyntaxError ? notFromTheApi(error) : unreachable(error);
  });
  return body;
}
