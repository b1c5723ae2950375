/**
 * The size of the whole file, when a 206 answer contains exactly the bytes that were requested: from `from`, at most
 * `length`. Undefined for any other range, because a cache or proxy that confuses its answers would send bytes of
 * another position.
 */
export function sizeOfRange(
  headers: Headers,
  bytes: Uint8Array,
  { from, length }: { from: number; length: number },
): number | undefined {
  const found = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(headers.get("content-range") ?? "");
  if (!found) return undefined;
  const [first, last, size] = [Number(found[1]), Number(found[2]), Number(found[3])];
  const count = bytes.byteLength;
  const isAsked = first === from && count > 0 && count <= length;
  return isAsked && last === first + count - 1 && last < size ? size : undefined;
}
