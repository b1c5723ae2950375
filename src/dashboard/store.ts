import { useSyncExternalStore } from "react";

/** A value outside the component tree. When it changes, every component that uses it is rendered again. */
export function createStore<T>(initial: T) {
  let value = initial;
  const listeners = new Set<() => void>();
  const get = (): T => value;
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  return {
    get,
    subscribe,
    set(next: T): void {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of listeners) listener();
    },
    use: (): T => useSyncExternalStore(subscribe, get),
  };
}

/** A text that the browser stores. When the browser cannot store anything, the text is lost with the page. */
export function createKeptStore(storage: () => Storage, name: string) {
  const store = createStore(attempt(() => storage().getItem(name)) ?? null);
  return {
    ...store,
    set(text: string | null): void {
      attempt(() => (text === null ? storage().removeItem(name) : storage().setItem(name, text)));
      store.set(text);
    },
  };
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
