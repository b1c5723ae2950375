import type { Locator, Page } from "playwright-core";

/**
 * Opens another view (`"/jobs?status=failed"`) of the open page, and returns when the page shows it. Until then a test
 * would see the headings and texts of the view before.
 */
export const go = (page: Page, view: string): Promise<void> =>
  page.evaluate(
    (hash) =>
      new Promise<void>((arrived) => {
        if (location.hash === hash) return arrived();
        // The page listens since it was loaded, so it has rendered the view before this listener is called.
        addEventListener("hashchange", () => arrived(), { once: true });
        location.hash = hash;
      }),
    `#${view}`,
  );

/** Resolves when the view shows nothing of a former filter, and no placeholder. */
export const settled = (page: Page): Promise<void> =>
  page.locator("[aria-busy=true], .loading").first().waitFor({ state: "detached" });

/** The badge beside the view's heading. Tables in the view have badges, too. */
export const statusOf = (page: Page): Locator => page.locator("main header .badge").first();
