import { type RefObject, useEffect, useRef } from "react";
import { announce } from "#dashboard/announce.ts";

/**
 * When the view changes, scrolls to its top and announces its title. If the focused link is gone, the focus moves to
 * the new view.
 */
export function useArrival(view: string, title: string, content: RefObject<HTMLElement | null>): void {
  const last = useRef(view);
  useEffect(() => {
    if (last.current === view) return;
    last.current = view;
    scrollTo(0, 0);
    announce(title);
    if (document.activeElement === document.body) content.current?.focus({ preventScroll: true });
  }, [view, title, content]);
}
