import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { audit } from "./support/axe.ts";
import { browse, withChromium } from "./support/pages.ts";
import { everyKindOfWork, receiveGithub, smallPieces } from "./support/seeds.ts";
import { go, settled } from "./support/views.ts";

const phone = { width: 360, height: 740 };
const desktop = { width: 1280, height: 900 };

/** Every page of the navigation, so that a new page is tested without being named here. */
const viewsOf = (page: Page) =>
  page
    .getByRole("navigation", { name: "Pages" })
    .getByRole("link")
    .evaluateAll((links) =>
      links.map((link) => link.getAttribute("href") ?? "").filter((href) => href.startsWith("#/")),
    );

async function show(page: Page, hash: string): Promise<void> {
  await go(page, hash.slice(1));
  await page.getByRole("heading", { level: 1 }).waitFor();
  await settled(page);
}

/** Violations in light and in dark; rules that do not depend on the theme are checked once. */
async function auditBothThemes(page: Page): Promise<string[]> {
  await page.emulateMedia({ colorScheme: "light" });
  const light = await audit(page);
  // Rules that apply to something on every page, also under an open dialog.
  expect(light.checked).toEqual(expect.arrayContaining(["color-contrast", "target-size"]));
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await audit(page, ["color-contrast", "link-in-text-block"]);
  return [...light.violations, ...dark.violations.map((found) => `dark: ${found}`)];
}

/** How much wider the page is than its window: such text can only be read by scrolling in two directions. */
const overhang = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

withChromium("WCAG 2.2 AA", () => {
  const pages = browse(smallPieces);

  async function everyView(more: string[] = []): Promise<string[]> {
    const page = await pages.open("/");
    const found: string[] = [];
    for (const view of [...(await viewsOf(page)), ...more]) {
      await page.setViewportSize(desktop);
      await show(page, view);
      found.push(...(await auditBothThemes(page)).map((violation) => `${view} ${violation}`));
      await page.setViewportSize(phone);
      // A picture gets its new width a moment after its window.
      const message = `${view} is wider than a phone`;
      await expect.poll(() => overhang(page), { message }).toBeLessThanOrEqual(0);
      const onPhone = await audit(page, ["target-size", "scrollable-region-focusable"]);
      found.push(...onPhone.violations.map((violation) => `${view} on a phone: ${violation}`));
    }
    return found;
  }

  test("holds for the key form", async () => {
    const page = await pages.open("", { as: null });
    await page.getByLabel("API key").waitFor();
    expect(await auditBothThemes(page)).toEqual([]);
  });

  test("holds for every view without data", async () => {
    expect(await everyView()).toEqual([]);
  });

  test("holds for every view with data, for the page of a job and of a webhook, and for an open dialog", async () => {
    const { jobs } = await everyKindOfWork(pages.house);
    const webhook = await receiveGithub(pages.house, "star");
    const more = [...jobs.map((id) => `#/jobs/${id}`), `#/webhook-inbox/${webhook}`];
    expect(await everyView(more)).toEqual([]);

    const page = await pages.open("/dead-letters");
    await page
      .getByRole("button", { name: /^Ignore/ })
      .first()
      .click();
    await page.getByRole("dialog").waitFor();
    expect(await auditBothThemes(page)).toEqual([]);
  });
});
