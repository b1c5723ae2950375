import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { audit } from "./axe.ts";

export const desktop = { width: 1280, height: 900 };
export const phone = { width: 390, height: 844 };
const looks = [
  { look: "light", colorScheme: "light", viewport: desktop },
  { look: "dark", colorScheme: "dark", viewport: desktop },
  { look: "phone", colorScheme: "light", viewport: phone },
] as const;

/**
 * What is wrong with a page in light, in dark and on a phone: violations of WCAG 2.2 AA. The function throws when a page
 * is wider than its window, or when a table must be scrolled sideways on a desktop. With `LOOKS=<folder>` the function
 * also keeps a picture of each look there.
 */
export async function faultsOf(page: Page, name: string): Promise<string[]> {
  const faults: string[] = [];
  for (const { look, colorScheme, viewport } of looks) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    faults.push(...(await audit(page)).violations.map((found) => `${look}: ${found}`));
    // A picture gets its new width a moment after its window.
    const width = () => page.evaluate(() => document.documentElement.scrollWidth);
    await expect.poll(width, { message: `the width in ${look}` }).toBeLessThanOrEqual(viewport.width);
    if (viewport === desktop)
      await expect.poll(() => wideTables(page), { message: `tables too wide in ${look}` }).toEqual([]);
    await keep(page, `${name}-${look}`);
  }
  await page.setViewportSize(desktop);
  return faults;
}

const wideTables = (page: Page): Promise<(string | null)[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll(".table")]
      .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
      .map((table) => table.getAttribute("aria-label")),
  );

async function keep(page: Page, name: string): Promise<void> {
  const folder = process.env["LOOKS"];
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
