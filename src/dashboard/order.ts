/** ISO times of one clock sort as text, by their characters: the order of a language has its own mind about "." and "+". */
export function byText(a: string | null, b: string | null): number {
  const [first, second] = [a ?? "", b ?? ""];
  return first < second ? -1 : first > second ? 1 : 0;
}
