/**
 * Compares ISO times from the same clock. Compares their characters by code, because the sort order of a language would
 * place "." and "+" differently.
 */
export function byText(a: string | null, b: string | null): number {
  const [first, second] = [a ?? "", b ?? ""];
  return first < second ? -1 : first > second ? 1 : 0;
}
