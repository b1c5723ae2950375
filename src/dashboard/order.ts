/**
 * Compares ISO times that one clock wrote, character by character, because the sort order of a language would place "."
 * and "+" differently.
 */
export function byText(a: string | null, b: string | null): number {
  const [first, second] = [a ?? "", b ?? ""];
  return first < second ? -1 : first > second ? 1 : 0;
}
