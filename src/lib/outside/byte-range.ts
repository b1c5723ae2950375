/**
 * The size of the whole file, when an answer 206 has just the bytes that were asked for: from `from`, at most `length`.
 * Undefined for any other range: a cache or proxy that confuses its answers would send bytes of another position.
 */
export function sizeOfRange(
  headers: Headers,
  bytes: Uint8Array,
  { from, length }: { from: number; length: number },
): number | undefined {
  const said = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(headers.get("content-range") ?? "");
  if (!said) return undefined;
  const [first, last, size] = [Number(said[1]), Number(said[2]), Number(said[3])];
  const count = bytes.byteLength;
  const isAsked = first === from && count > 0 && count <= length;
  return isAsked && last === first + count - 1 && last < size ? size : undefined;
}
