export type Client = ReturnType<typeof clientOf>;

/** The product's API with a key, and the provider's control API and record. */
export function clientOf({ site, mail }: { site: number; mail: number }, key: string) {
  return {
    call<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
      const authorization = `Bearer ${key}`;
      return ask<T>(`http://127.0.0.1:${site}${path}`, method, body, { authorization, ...headers });
    },
    /** A body that its headers sign. */
    async post(path: string, body: string, headers: Record<string, string>): Promise<void> {
      const response = await fetch(`http://127.0.0.1:${site}${path}`, { method: "POST", body, headers });
      if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
    },
    control<T>(path: string, body?: unknown): Promise<T> {
      return ask<T>(`http://127.0.0.1:${mail}/_control/${path}`, body === undefined ? "GET" : "POST", body);
    },
  };
}

async function ask<T>(
  url: string,
  method: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<T> {
  const response = await fetch(url, {
    method,
    headers: { ...headers, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
