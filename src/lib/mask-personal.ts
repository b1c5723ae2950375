/** Cuts addresses, numbers to call and keys out of a text: error messages quote what they stumbled over. */
export const maskPersonal = (text: string): string =>
  text
    .replace(/[^\s<>"'(),;:/@]+@[^\s<>"'(),;:/@]+/g, "[address]")
    .replace(/\b(?:re|sk|pk|ns|sb|whsec|signkey)[_-][\w-]{8,}/g, "[key]")
    .replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, "[token]")
    .replace(/\+?\d[\d\s()-]{8,}\d/g, "[number]");
