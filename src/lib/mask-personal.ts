/**
 * Cuts addresses, numbers to call and keys out of a text: error messages quote what they stumbled over, and app code
 * names events after people. UUIDs stay, though some of their digits look like a number.
 */
export const maskPersonal = (text: string): string =>
  text
    .replace(/[^\s<>"'(),;:/@]+@[^\s<>"'(),;:/@]+/g, "[address]")
    .replace(/\b(?:re|sk|pk|ns|sb|whsec|signkey)[_-][\w-]{8,}/g, "[key]")
    .replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, "[token]")
    .replace(UUID_OR_NUMBER, (_, uuid?: string) => uuid ?? "[number]");

const UUID_OR_NUMBER = /\b([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b|\+?\d[\d\s()-]{8,}\d/gi;
