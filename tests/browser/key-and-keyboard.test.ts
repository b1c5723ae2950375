import { expect, test } from "vitest";
import { focused, tabTo } from "./support/keyboard.ts";
import { browse, withChromium } from "./support/pages.ts";
import { holdMails, letMailsGo, sendCampaign, smallPieces } from "./support/seeds.ts";

withChromium("the key and the keyboard", () => {
  const pages = browse(smallPieces);

  test("the keyboard is enough to enter the key, open a job and cancel it, and closing the dialog returns the focus", async () => {
    await holdMails(pages.house);
    await sendCampaign(pages.house, { name: "Slow" });
    const page = await pages.open("", { as: null });
    await page.getByLabel("API key").waitFor();
    expect((await focused(page)).name).toContain("API key");
    await page.keyboard.insertText(pages.house.keys.admin);
    await page.keyboard.press("Enter");
    await page.getByRole("navigation", { name: "Pages" }).waitFor();

    await tabTo(page, /Jobs/);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Jobs", level: 1 }).waitFor();
    await page.getByRole("row").filter({ hasText: "running" }).waitFor();
    await tabTo(page, /^send-email-campaign/);
    await page.keyboard.press("Enter");

    const cancel = page.getByRole("button", { name: /^Cancel/ });
    await cancel.waitFor();
    await tabTo(page, /^Cancel/);
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect((await focused(page)).name).toMatch(/^Cancel/);

    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await tabTo(page, /^Cancel/);
    await page.keyboard.press("Enter");
    await page.getByText("canceled", { exact: true }).first().waitFor();
    await letMailsGo(pages.house);
  });

  test("a button works at once after Escape has closed its dialog", async () => {
    await holdMails(pages.house);
    await sendCampaign(pages.house, { name: "Held" });
    const page = await pages.open("/jobs");
    await page.getByRole("row").filter({ hasText: "Held" }).getByRole("link").first().click();
    const cancel = page.getByRole("button", { name: /^Cancel/ });
    await cancel.click();
    await page.getByRole("dialog").waitFor();
    await page.evaluate(async () => {
      // What Escape does, and then a click before the browser's next task, which would say that the dialog is closed.
      document.querySelector("dialog")?.requestClose();
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
      [...document.querySelectorAll("button")]
        .find((button) => button.innerText.startsWith("Cancel"))
        ?.click();
      await new Promise((settled) => requestAnimationFrame(() => requestAnimationFrame(settled)));
    });
    expect(await page.getByRole("dialog").isVisible()).toBe(true);
    await page.getByRole("button", { name: "Keep it" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await letMailsGo(pages.house);
  });

  test("the keyboard is enough to skip to the content, queue a picture and open it", async () => {
    const page = await pages.open("/images");
    await page.getByRole("heading", { name: "Images", level: 1 }).waitFor();
    await tabTo(page, /^Skip to content/);
    await page.keyboard.press("Enter");
    await tabTo(page, /^Prompt/);
    await page.keyboard.insertText("a violin made of water");
    await page.keyboard.press("Enter");
    await page.getByRole("img", { name: "a violin made of water" }).waitFor();
    await tabTo(page, /^Open: a violin/);
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "a violin made of water" }).waitFor();
    await page.keyboard.press("Escape");
    await expect.poll(async () => (await focused(page)).name).toMatch(/^Open: a violin/);
  });

  test("a wrong key is refused, a right one is kept for this tab only and is forgotten on request", async () => {
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

  test("after a change of key the page shows nothing of the former key's work", async () => {
    await sendCampaign(pages.house, { name: "The operator's own" });
    const page = await pages.open("/jobs");
    await page.getByRole("row").filter({ hasText: "campaign" }).first().waitFor();
    await page.evaluate((key) => void (location.hash = `#key=${key}`), pages.house.keys.app);
    await page.getByRole("button", { name: "Replace key" }).click();
    await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
    await page.getByText("No work yet").waitFor();
    expect(page.url()).not.toContain("key");
  });

  test.each(["Keep my key", "Escape"])(
    "a key in the address must be confirmed to replace another: %s",
    async (no) => {
      const page = await pages.open("/jobs");
      await page.getByRole("navigation", { name: "Pages" }).waitFor();
      await page.evaluate((key) => void (location.hash = `#key=${key}`), pages.house.keys.app);
      await page.getByRole("dialog", { name: "Replace the key?" }).waitFor();
      expect(page.url()).not.toContain("key");
      if (no === "Escape") await page.keyboard.press(no);
      else await page.getByRole("button", { name: no }).click();
      await page.getByRole("dialog").waitFor({ state: "detached" });
      const stored = await page.evaluate(() => JSON.stringify(sessionStorage));
      expect(stored).toContain(pages.house.keys.admin);
      expect(stored).not.toContain(pages.house.keys.app);
    },
  );

  test("the list of keys names only keys that can be pressed, and each opens its view", async () => {
    const page = await pages.open("/overview");
    await page.getByRole("navigation", { name: "Pages" }).waitFor();
    await page.keyboard.press("?");
    const list = page.getByRole("dialog", { name: "Keyboard" });
    const keys = (await list.locator("dt").allInnerTexts()).filter((key) => /^\d/.test(key));
    expect(keys).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    const last = await list.locator("dd").nth(8).innerText();
    await page.keyboard.press("Escape");
    await page.keyboard.press("9");
    await page.getByRole("heading", { name: last, level: 1 }).waitFor();
  });

  test("a key is removed from the address at once", async () => {
    const page = await pages.open(`key=${pages.house.keys.admin}`, { as: null });
    await page.getByRole("navigation", { name: "Pages" }).waitFor();
    expect(page.url()).not.toContain("key");
  });
});
