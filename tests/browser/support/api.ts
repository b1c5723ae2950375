export type Api = ReturnType<typeof apiOf>;

/** The product's API as any program calls it, and the control APIs of its stand-ins; refusals throw. */
export function apiOf({ site, key, providers }: { site: string; key: string; providers: string }) {
  const ask = async (method: string, url: string, headers: Record<string, string>, body?: object) => {
    const response = await fetch(url, {
      method,
      headers: { ...headers, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
    return text === "" ? {} : JSON.parse(text);
  };
  return {
    /** Calls as an administrator. */
    call: (method: string, path: string, body?: object) =>
      ask(method, `${site}${path}`, { authorization: `Bearer ${key}` }, body),
    /** Changes a provider's settings: `"/_control/latency"`, `"/_control/images"`. */
    steer: (control: string, settings: object) => ask("POST", `${providers}${control}`, {}, settings),
  };
}
