/**
 * The attributes of an element whose content scrolls. The element can be focused by the keyboard, because arrow keys
 * scroll only the focused element (axe: scrollable-region-focusable). `label` names the element for screen readers.
 */
export const scrolling = (label: string) => ({ tabIndex: 0, "aria-label": label });
