import { useMemo, useSyncExternalStore } from "react";
import { takeKeyFromAddress } from "#dashboard/key.ts";

/** `#/jobs/<id>?status=failed` → `{ name: "jobs", id: "<id>", query }`. */
export type HashRoute = { name: string; id: string | undefined; query: URLSearchParams };

/** `shown`: the address that replaced the view's own; `opened`: the address with which the view was opened. */
let replaced: { shown: string; opened: string } | undefined;
const openedHash = (): string => (location.hash === replaced?.shown ? replaced.opened : location.hash);

/** Replaces the address of the open view. The view stays as it is; a reload opens the new address. */
export function replaceAddress(hash: string): void {
  replaced = { shown: hash, opened: openedHash() };
  history.replaceState(null, "", hash);
}

/** Opens the view of an address, also when the address was only replaced before. */
export function openView(hash: string): void {
  if (location.hash === hash) dispatchEvent(new HashChangeEvent("hashchange"));
  else location.hash = hash;
}

const subscribe = (listener: () => void) => {
  const changed = () => {
    replaced = undefined;
    takeKeyFromAddress();
    listener();
  };
  addEventListener("hashchange", changed);
  return () => removeEventListener("hashchange", changed);
};

export function useHashRoute(): HashRoute {
  const hash = useSyncExternalStore(subscribe, openedHash);
  return useMemo(() => parseHash(hash), [hash]);
}

export function parseHash(hash: string): HashRoute {
  const [path = "", query = ""] = hash.slice(1).split("?");
  const [, name, id] = path.split("/");
  return { name: name || "overview", id: id || undefined, query: new URLSearchParams(query) };
}

/** `withQuery("/api/jobs", { status: "failed", kind: "" })` → `/api/jobs?status=failed`: empty values are left out. */
export function withQuery(path: string, values: Record<string, string | null | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value) query.set(name, value);
  return query.size === 0 ? path : `${path}?${query}`;
}

/** `/api/jobs/<id>` → the id. */
export const idOf = (apiPath: string): string => apiPath.slice(apiPath.lastIndexOf("/") + 1);

/** The page's address for an API address: `/api/jobs/<id>` → `#/jobs/<id>`. */
export const pageOf = (apiPath: string): string => `#${apiPath.replace(/^\/api/, "")}`;
