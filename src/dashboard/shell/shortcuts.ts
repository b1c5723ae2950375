/** Keys of a single character. They can be switched off: whoever speaks to a computer would trigger them by chance. */
import { useEffect } from "react";
import { createStore } from "#dashboard/store.ts";

const KEY = "nightshift-shortcuts";
const store = createStore(localStorage.getItem(KEY) !== "off");
export const useShortcutsOn = store.use;

export function switchShortcuts(isOn: boolean): void {
  localStorage.setItem(KEY, isOn ? "on" : "off");
  store.set(isOn);
}

const FIELDS = "input, select, textarea, [contenteditable]";

/** What each key does; a key pressed in a field is a letter. */
export function useShortcuts(actions: Record<string, () => void>): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (!store.get() || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target instanceof Element && event.target.closest(`${FIELDS}, dialog`)) return;
      const action = actions[event.key];
      if (action === undefined) return;
      event.preventDefault();
      action();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [actions]);
}
