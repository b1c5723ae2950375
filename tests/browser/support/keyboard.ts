import type { Locator, Page } from "playwright-core";

/**
 * Presses Enter on a control as soon as it is free: a busy button ignores keys, and a button can be busy for a moment
 * after the page shows what it did. Focus and key are one call, because the view may be rendered again between two.
 */
export const enter = (control: Locator): Promise<void> => freeOnes(control).press("Enter");

/** Of these controls, those that are not busy. */
const freeOnes = (controls: Locator) => controls.and(controls.page().locator(":not([aria-disabled=true])"));

/**
 * Chooses an option of a select element by its first letter, as soon as the element has the option: the API may not have
 * answered yet. Further letters would begin anew when one of them comes late.
 */
export async function chooseByKey(select: Locator, option: string): Promise<void> {
  await select.locator("option").filter({ hasText: option }).waitFor({ state: "attached" });
  await select.press(option.slice(0, 1));
}

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

/**
 * Presses Tab until the named element has the focus, and waits until it is not busy. The focus must be visible at every
 * stop.
 */
export async function tabTo(page: Page, wanted: RegExp): Promise<void> {
  const passed: string[] = [];
  for (const deadline = performance.now() + 60_000; performance.now() < deadline; ) {
    await page.keyboard.press("Tab");
    const { name, isVisible } = await focused(page);
    if (!isVisible) throw new Error(`"${name}" has the focus, and the page does not show it.`);
    if (wanted.test(name)) return freeOnes(page.locator(":focus")).waitFor();
    passed.push(name);
  }
  throw new Error(`Tab never comes to ${wanted.source}; it came by ${passed.slice(-50).join(", ")}.`);
}
