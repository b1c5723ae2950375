/**
 * Foreign text (errors, stacks, answers of providers) is cut to this length before it is read, masked, logged or
 * stored.
 */
const MOST_CHARS = 4096;

/** The beginning of a text. It never ends with half of a surrogate pair. */
export function cut(text: string, mostChars = MOST_CHARS): string {
  if (text.length <= mostChars) return text;
  const isInsidePair = /[\uD800-\uDBFF]/.test(text.charAt(mostChars - 1));
  return text.slice(0, isInsidePair ? mostChars - 1 : mostChars);
}
