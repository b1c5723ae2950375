/**
 * An element that is removed loses the focus, and a keyboard user would start at the top of the page again. So the
 * focus moves first to the next element, or to the view when there is none.
 */
export function focusNeighbor(item: Element | null): void {
  const neighbor = item?.nextElementSibling ?? item?.previousElementSibling;
  const target = neighbor?.querySelector("a, button") ?? document.querySelector("main");
  if (target instanceof HTMLElement) target.focus();
}
