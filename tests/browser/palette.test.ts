import { expect, test } from "vitest";
import { audit } from "./support/axe.ts";
import { browse, withChromium } from "./support/pages.ts";

withChromium("the command palette", () => {
  const pages = browse();

  test("by keyboard alone it goes to a view, opens an id, runs an action and searches the jobs", async () => {
    const { id } = await pages.house.call("POST", "/api/tasks", { prompt: "a wanted hare" });
    const page = await pages.open("/overview");
    await page.getByRole("heading", { level: 1 }).waitFor();
    const field = page.getByRole("combobox", { name: /^Command/ });
    const say = async (text: string, ...keys: string[]) => {
      // A dialog that is closed is hidden a moment before it is removed; a key in that moment is lost.
      await page.locator("dialog").waitFor({ state: "detached" });
      await page.keyboard.press("ControlOrMeta+k");
      await expect.poll(() => field.and(page.locator(":focus")).count()).toBe(1);
      await page.keyboard.insertText(text);
      for (const key of keys) await page.keyboard.press(key);
    };
    const selected = () => page.getByRole("option", { selected: true }).innerText();
    await say("dead let");
    await expect.poll(selected).toBe("Go to Dead letters");
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect((await audit(page)).violations).toEqual([]);
    }
    await page.keyboard.press("Enter");
    await page.waitForURL(/#\/dead-letters$/);

    await say(id, "Enter");
    await page.waitForURL(new RegExp(`#/jobs/${id}$`));
    await say("jobs", "ArrowDown", "ArrowDown", "ArrowUp");
    await expect.poll(selected).toBe("Jobs that failed");
    await page.keyboard.press("Enter");
    await page.waitForURL(/#\/jobs\?status=failed$/);
    await say("wanted", "Enter");
    await page.waitForURL(/#\/jobs\?search=wanted$/);
    await say("dark", "Enter");
    await expect.poll(() => page.evaluate(() => document.documentElement.dataset["theme"])).toBe("dark");
    await say("", "Escape");
    await field.waitFor({ state: "detached" });
  });
});
