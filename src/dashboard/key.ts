/** The API key of this tab. It is deleted when the tab closes. Other tabs cannot read it. */
import { createKeptStore, createStore } from "./store.ts";

const store = createKeptStore(() => sessionStorage, "nightshift-key");
const refusal = createStore<string | null>(null);

export const currentKey = store.get;
export const useKey = store.use;
/** Why the last key was refused and removed; null when it was not refused. */
export const useRefusal = refusal.use;

export function rememberKey(value: string): void {
  refusal.set(null);
  store.set(value.trim());
}

export function forgetKey(why: string | null = null): void {
  refusal.set(why);
  store.set(null);
}

/** A key from the address that waits for the user's confirmation, because the page already has another key. */
const offered = createStore<string | null>(null);
export const useOfferedKey = offered.use;

export function answerOffer(isWanted: boolean): void {
  const key = offered.get();
  offered.set(null);
  if (isWanted && key !== null) rememberKey(key);
}

/**
 * Reads a key from `#key=…` and removes it from the address, so that the address with the key is neither shared nor
 * stored. A key that the page already has is replaced only after confirmation, because otherwise a link could change
 * the identity of this user.
 */
export function takeKeyFromAddress(): void {
  if (!location.hash.startsWith("#key=")) return;
  const key = new URLSearchParams(location.hash.slice(1)).get("key")?.trim();
  history.replaceState(null, "", `${location.pathname}${location.search}#/`);
  if (!key || key === store.get()) return;
  if (store.get() === null) rememberKey(key);
  else offered.set(key);
}
