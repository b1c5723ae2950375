/**
 * When a focused element is removed, the focus is lost, and a keyboard user would start at the top of the page again.
 * So the focus first moves to the next element, or, when there is none, to the view.
 */
export function focusNeighbor(item: Element | null): void {
  const neighbor = item?.nextElementSibling ?? item?.previousElementSibling;
  const target = neighbor?.querySelector("a, button") ?? document.querySelector("main");
  if (target instanceof HTMLElement) target.focus();
}
