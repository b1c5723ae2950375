/** How much of a text that others wrote is read, masked, logged or stored: errors, their stacks, providers' words. */
const MOST_CHARS = 4096;

/** The beginning of a text, never with half of a surrogate pair at its end. */
export function cut(text: string, mostChars = MOST_CHARS): string {
  if (text.length <= mostChars) return text;
  const isInsidePair = /[\uD800-\uDBFF]/.test(text.charAt(mostChars - 1));
  return text.slice(0, isInsidePair ? mostChars - 1 : mostChars);
}
