/** Light or dark: as the system has it, or as somebody chose on this machine. */
import { useSyncExternalStore } from "react";
import { createStore } from "./store.ts";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEY = "nightshift-theme";
const stored = localStorage.getItem(KEY);
const store = createStore<Theme>(THEMES.find((theme) => theme === stored) ?? "system");
export const useChosenTheme = store.use;

const system = matchMedia("(prefers-color-scheme: dark)");
const subscribe = (listener: () => void) => {
  system.addEventListener("change", listener);
  return () => system.removeEventListener("change", listener);
};

export function chooseTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme);
  applyTheme(theme);
  store.set(theme);
}

/** What is seen now. */
export function useTheme(): "light" | "dark" {
  const chosen = store.use();
  const isDark = useSyncExternalStore(subscribe, () => system.matches);
  return chosen === "system" ? (isDark ? "dark" : "light") : chosen;
}

export function applyTheme(theme: Theme = store.get()): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}
