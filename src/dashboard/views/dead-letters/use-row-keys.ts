import { useMemo } from "react";
import { useShortcuts } from "#dashboard/shell/shortcuts.ts";

const rows = () => [...document.querySelectorAll<HTMLElement>(".letters > article")];
const rowOf = (element: Element | null) => rows().findIndex((row) => row.contains(element));

/** j and k move the focus through the rows. x selects the focused row, and Shift+X also selects all rows up to it. */
export function useRowKeys(): void {
  const actions = useMemo(() => {
    const go = (step: number) => () => {
      const all = rows();
      const here = rowOf(document.activeElement);
      const next = here === -1 ? (step > 0 ? 0 : all.length - 1) : here + step;
      const row = all[Math.max(0, Math.min(all.length - 1, next))];
      row?.querySelector("a")?.focus();
      row?.scrollIntoView({ block: "nearest" });
    };
    const select = (shiftKey: boolean) => () => {
      const box = rows()[rowOf(document.activeElement)]?.querySelector("input[type=checkbox]");
      box?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey }));
    };
    return { j: go(1), k: go(-1), x: select(false), X: select(true) };
  }, []);
  useShortcuts(actions);
}
