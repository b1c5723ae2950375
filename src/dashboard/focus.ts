/**
 * What leaves the page takes the focus with it, and who works by keyboard starts at the top again: so it goes to the
 * neighbor first, or to the view when there is none.
 */
export function focusNeighbor(item: Element | null): void {
  const neighbor = item?.nextElementSibling ?? item?.previousElementSibling;
  const target = neighbor?.querySelector("a, button") ?? document.querySelector("main");
  if (target instanceof HTMLElement) target.focus();
}
