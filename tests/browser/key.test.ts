import { expect, test } from "vitest";
import { browse, withChromium } from "./support/pages.ts";

withChromium("the key", () => {
  const pages = browse();

  test("is asked for, refused when it is wrong, kept by the tab alone and forgotten on request", async () => {
    const page = await pages.open("", { as: null, expected: /status of 401/ });
    await page.getByLabel("API key").fill("ns_this_is_no_key");
    await page.getByRole("button", { name: "Open" }).click();
    await page.getByRole("alert").filter({ hasText: /key/i }).waitFor();

    await page.getByLabel("API key").fill(` ${pages.house.keys.admin}\n`);
    await page.getByLabel("API key").press("Enter");
    await page.getByRole("navigation", { name: "Pages" }).waitFor();
    await page.reload();
    await page.getByRole("navigation", { name: "Pages" }).waitFor();

    const otherTab = await page.context().newPage();
    await otherTab.goto(pages.house.url);
    await otherTab.getByLabel("API key").waitFor();

    await page.getByRole("button", { name: "Forget key" }).click();
    await page.getByLabel("API key").waitFor();
    const stored = await page.evaluate(() => JSON.stringify(sessionStorage) + JSON.stringify(localStorage));
    expect(stored).not.toContain(pages.house.keys.admin);
  });

  test("in the address is taken out of it at once, so that it is neither shared nor kept", async () => {
    const page = await pages.open(`key=${pages.house.keys.admin}`, { as: null });
    await page.getByRole("navigation", { name: "Pages" }).waitFor();
    expect(page.url()).not.toContain("key");
  });
});
