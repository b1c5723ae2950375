/**
 * The attributes of an element whose content scrolls. It must be reachable with the keyboard, because the arrow keys
 * scroll only what has the focus (axe: scrollable-region-focusable). `label` names it for screen readers.
 */
export const scrolling = (label: string) => ({ tabIndex: 0, "aria-label": label });
