/** The API key of this tab: it goes when the tab closes, and no other tab has it. */
import { createKeptStore, createStore } from "./store.ts";

const store = createKeptStore(() => sessionStorage, "nightshift-key");
const refusal = createStore<string | null>(null);

export const currentKey = store.get;
export const useKey = store.use;
/** Why the last key was given up; null when nothing was wrong with it. */
export const useRefusal = refusal.use;

export function rememberKey(value: string): void {
  refusal.set(null);
  store.set(value.trim());
}

export function forgetKey(why: string | null = null): void {
  refusal.set(why);
  store.set(null);
}

/** A key from the address that waits for an answer, because the page has another one. */
const offered = createStore<string | null>(null);
export const useOfferedKey = offered.use;

export function answerOffer(isWanted: boolean): void {
  const key = offered.get();
  offered.set(null);
  if (isWanted && key !== null) rememberKey(key);
}

/**
 * Takes a key handed over as `#key=…` and removes it from the address, so that it is neither shared nor kept. A key
 * that the page has is replaced only after a question: otherwise a link could change who acts here.
 */
export function takeKeyFromAddress(): void {
  if (!location.hash.startsWith("#key=")) return;
  const key = new URLSearchParams(location.hash.slice(1)).get("key")?.trim();
  history.replaceState(null, "", `${location.pathname}${location.search}#/`);
  if (!key || key === store.get()) return;
  if (store.get() === null) rememberKey(key);
  else offered.set(key);
}
