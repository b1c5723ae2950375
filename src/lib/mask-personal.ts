/**
 * Cuts addresses, phone numbers and keys out of a text: error messages quote what they are about, and app code names
 * events after people. UUIDs stay, though some of their digits look like a phone number.
 *
 * Each pattern begins where a word begins, so that every character is looked at a fixed number of times however long
 * the text is.
 */
export const maskPersonal = (text: string): string =>
  text
    .replace(ADDRESS, "[address]")
    .replace(KEY, "[key]")
    .replace(DOTTED, (words) => (words.includes("eyJ") ? "[token]" : words))
    .replace(UUID_OR_NUMBER, (_, uuid?: string) => uuid ?? "[number]");

const ADDRESS = /(?<![^\s<>"'(),;:/@])[^\s<>"'(),;:/@]+@[^\s<>"'(),;:/@]+/g;
const KEY = /\b(?:re|sk|pk|ns|sb|whsec|signkey)[_-][\w-]{8,}/g;
/** A JSON Web Token is three words with dots between them; its JSON begins with `{"`, which is `eyJ` in base64. */
const DOTTED = /(?<![\w-])[\w-]+\.[\w-]+(?:\.[\w-]+)+/g;
const UUID_OR_NUMBER = /\b([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b|\+?\d[\d\s()-]{8,}\d/gi;
