/**
 * Removes addresses, phone numbers and keys from a text, because error messages quote their input, and app code may
 * name events after people. UUIDs stay, although some of their digits look like a phone number.
 * Each pattern begins at the start of a word, so that the time is linear in the length of the text.
 */
export const maskPersonal = (text: string): string =>
  text
    .replace(ADDRESS, "[address]")
    .replace(KEY, "[key]")
    .replace(DOTTED, (words) => (words.includes("eyJ") ? "[token]" : words))
    .replace(UUID_OR_NUMBER, (_, uuid?: string) => uuid ?? "[number]");

const ADDRESS = /(?<![^\s<>"'(),;:/@])[^\s<>"'(),;:/@]+@[^\s<>"'(),;:/@]+/g;
const KEY = /\b(?:re|sk|pk|ns|sb|whsec|signkey)[_-][\w-]{8,}/g;
/** Three words with dots between them may be a JSON Web Token, whose first word begins with `eyJ` (`{"` in base64). */
const DOTTED = /(?<![\w-])[\w-]+\.[\w-]+(?:\.[\w-]+)+/g;
const UUID_OR_NUMBER = /\b([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b|\+?\d[\d\s()-]{8,}\d/gi;
