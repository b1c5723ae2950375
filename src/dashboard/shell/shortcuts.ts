/** Shortcuts of a single character. They can be switched off, because speech input would trigger them by accident. */
import { useEffect } from "react";
import { createKeptStore } from "#dashboard/store.ts";

const store = createKeptStore(() => localStorage, "nightshift-shortcuts");
export const useShortcutsOn = (): boolean => store.use() !== "off";
export const switchShortcuts = (isOn: boolean): void => store.set(isOn ? "on" : "off");

const FIELDS = "input, select, textarea, [contenteditable]";

/** Runs the action of each key. In a text field a key only types its character. */
export function useShortcuts(actions: Record<string, () => void>): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (store.get() === "off" || event.ctrlKey || event.metaKey || event.altKey) return;
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
