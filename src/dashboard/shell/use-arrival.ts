import { type RefObject, useEffect, useRef } from "react";
import { announce } from "#dashboard/announce.ts";

/**
 * Another view: it begins at its top and its title is said. Whoever stood on a link that has gone stands in the new
 * view, not at the top of the page.
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
