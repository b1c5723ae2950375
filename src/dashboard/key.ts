/** The API key of this tab: it goes when the tab closes, and no other tab has it. */
import { createStore } from "./store.ts";

const KEY = "nightshift-key";
const store = createStore(sessionStorage.getItem(KEY));

export const currentKey = store.get;
export const useKey = store.use;

export function rememberKey(value: string): void {
  sessionStorage.setItem(KEY, value.trim());
  store.set(value.trim());
}

export function forgetKey(): void {
  sessionStorage.removeItem(KEY);
  store.set(null);
}

/** Takes a key handed over as `#key=…` and removes it from the address, so that it is neither shared nor kept. */
export function takeKeyFromAddress(): void {
  const [, found] = /^#key=(.+)$/.exec(location.hash) ?? [];
  if (found === undefined) return;
  rememberKey(decodeURIComponent(found));
  history.replaceState(null, "", `${location.pathname}${location.search}#/overview`);
}
