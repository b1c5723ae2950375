/** The theme: light or dark, from the system or as the user chose on this device. */
import { useSyncExternalStore } from "react";
import { createKeptStore } from "./store.ts";

const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const store = createKeptStore(() => localStorage, "nightshift-theme");
const themeOf = (stored: string | null): Theme => THEMES.find((theme) => theme === stored) ?? "system";
export const useChosenTheme = (): Theme => themeOf(store.use());

const system = matchMedia("(prefers-color-scheme: dark)");
const subscribe = (listener: () => void) => {
  system.addEventListener("change", listener);
  return () => system.removeEventListener("change", listener);
};

export function chooseTheme(theme: Theme): void {
  store.set(theme);
  applyTheme();
}

/** The theme that is shown now. */
export function useTheme(): "light" | "dark" {
  const chosen = useChosenTheme();
  const isDark = useSyncExternalStore(subscribe, () => system.matches);
  return chosen === "system" ? (isDark ? "dark" : "light") : chosen;
}

export function applyTheme(): void {
  const theme = themeOf(store.get());
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}
