/** Stands in for #client/index.ts until that is there. */
type Said = { status: number; code?: string; detail: string; hint: string; retryAfterMs?: number };

export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly hint: string;
  constructor({ status, code = "", detail, hint }: Said) {
    super(detail);
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.hint = hint;
  }
}

const text = (body: unknown, field: string): string => {
  const entries: [string, unknown][] = typeof body === "object" && body !== null ? Object.entries(body) : [];
  const value = new Map(entries).get(field);
  return typeof value === "string" ? value : "";
};

export function createClient({ key }: { key: () => string | null }) {
  async function send(method: string, path: string, body?: object): Promise<Response> {
    const headers = new Headers({ authorization: `Bearer ${key() ?? ""}` });
    if (body !== undefined) headers.set("content-type", "application/json");
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
    const response = await fetch(path, init).catch(() => {
      throw new Problem({
        status: 0,
        detail: "The site does not answer.",
        hint: "It is asked again every few seconds.",
      });
    });
    if (response.ok) return response;
    const said: unknown = await response.json().catch(() => null);
    throw new Problem({
      status: response.status,
      code: text(said, "code"),
      detail: text(said, "detail") || `The site answered ${response.status}.`,
      hint: text(said, "hint"),
    });
  }
  async function ask<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await send(method, path, body);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- page and API are deployed together
    return (await response.json()) as T;
  }
  return {
    get: <T>(path: string) => ask<T>("GET", path),
    post: <T>(path: string, body?: object) => ask<T>("POST", path, body),
    patch: <T>(path: string, body?: object) => ask<T>("PATCH", path, body),
    remove: <T>(path: string) => ask<T>("DELETE", path),
    bytes: async (path: string): Promise<Blob> => (await send("GET", path)).blob(),
  };
}
