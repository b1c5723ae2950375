/** The API key of this tab: it goes when the tab closes, and no other tab has it. */
import { createStore } from "./store.ts";

const KEY = "nightshift-key";
const store = createStore(sessionStorage.getItem(KEY));
const refusal = createStore<string | null>(null);

export const currentKey = store.get;
export const useKey = store.use;
/** Why the last key was given up; null when nothing was wrong with it. */
export const useRefusal = refusal.use;

export function rememberKey(value: string): void {
  sessionStorage.setItem(KEY, value.trim());
  refusal.set(null);
  store.set(value.trim());
}

export function forgetKey(why: string | null = null): void {
  sessionStorage.removeItem(KEY);
  refusal.set(why);
  store.set(null);
}

/** Takes a key handed over as `#key=…` and removes it from the address, so that it is neither shared nor kept. */
export function takeKeyFromAddress(): void {
  const [, found] = /^#key=(.+)$/.exec(location.hash) ?? [];
  if (found === undefined) return;
  rememberKey(decodeURIComponent(found));
  history.replaceState(null, "", `${location.pathname}${location.search}#/`);
}
