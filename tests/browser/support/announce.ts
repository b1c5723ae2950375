import { findChromium, howToGetChromium } from "./chromium.ts";

/** vitest's globalSetup: says once for the whole run why nothing ran in a browser, if nothing did. */
export default function announce(): void {
  if (findChromium() === undefined) console.warn(`\n${howToGetChromium()}\n`);
}
