import type { Page } from "playwright-core";

/** The focused element: its accessible name, and whether its focus is visible. */
export const focused = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    // The page moves the focus to `main` when the view changes.
    if (element === null || element === document.body || element.matches("main"))
      return { name: "", isVisible: true };
    const labels = "labels" in element && element.labels instanceof NodeList ? [...element.labels] : [];
    const name =
      element.getAttribute("aria-label") ?? labels.map((label) => label.textContent).join(" ") ?? "";
    // A control that is drawn by its label shows its focus there.
    const drawn = [element, ...labels, element.closest("li")].filter((one) => one instanceof Element);
    const isVisible = drawn.some((one) => {
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
      return (outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 1) || boxShadow !== "none";
    });
    return { name: (name || element.textContent || element.outerHTML.slice(0, 200)).trim(), isVisible };
  });

/** Presses Tab until the named element has the focus; the focus must be visible at every stop. */
export async function tabTo(page: Page, wanted: RegExp): Promise<void> {
  const passed: string[] = [];
  for (let stop = 0; stop < 100; stop += 1) {
    await page.keyboard.press("Tab");
    const { name, isVisible } = await focused(page);
    if (!isVisible) throw new Error(`"${name}" has the focus, and the page does not show it.`);
    if (wanted.test(name)) return;
    passed.push(name);
  }
  throw new Error(`Tab never comes to ${wanted.source}; it came by ${passed.join(", ")}.`);
}
