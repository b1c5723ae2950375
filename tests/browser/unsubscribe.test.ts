/** The page behind the link in a mail, as a person sees and uses it. */
import { mkdirSync } from "node:fs";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { createUnsubscribeLinks } from "#mail/unsubscribe-links.ts";
import { audit } from "./support/axe.ts";
import { browse, withChromium } from "./support/pages.ts";

const SECRET = "a secret of the page to unsubscribe and of nothing else";
const PICTURES = process.env["PICTURES"];
const LONG_LIST =
  "The weekly newsletter of the Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz";

withChromium("the page behind the link of a mail", () => {
  const pages = browse({ LINK_SECRET: SECRET });
  let path = "";

  beforeAll(async () => {
    const { house } = pages;
    const list = await house.call("POST", "/api/lists", { name: LONG_LIST });
    await house.call("POST", `/api/lists/${list.id}/subscribers`, [{ email: "ada.long@example.com" }]);
    const [{ id }] = (await house.call("GET", `/api/lists/${list.id}/subscribers`)).items;
    const links = createUnsubscribeLinks([SECRET]);
    path = `/l/${links.signer(links.newestKeyId ?? "", list.id)(id)}`;
  });

  const open = async (options: Parameters<typeof pages.open>[1] = {}, at = path) => {
    const page = await pages.open("", { as: null, ...options });
    await page.goto(pages.house.url + at);
    return page;
  };
  const title = (page: Page) => page.getByRole("heading", { level: 1 }).innerText();
  const overhang = (page: Page) =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

  describe.each([
    ["light", { width: 1280, height: 800 }],
    ["dark", { width: 1280, height: 800 }],
    ["light", { width: 320, height: 640 }],
    ["dark", { width: 320, height: 640 }],
  ] as const)("in the %s theme on a screen of %o", (colorScheme, viewport) => {
    test("meets WCAG 2.2 AA in each state, and fits", async () => {
      const page = await open({ colorScheme, viewport, expected: /404/ });
      const check = async (state: string) => {
        const { violations, checked } = await audit(page);
        expect(checked).toEqual(
          expect.arrayContaining(["color-contrast", "html-has-lang", "document-title"]),
        );
        expect({ state, violations, overhang: await overhang(page) }).toEqual({
          state,
          violations: [],
          overhang: 0,
        });
        if (PICTURES === undefined) return;
        mkdirSync(PICTURES, { recursive: true });
        await page.screenshot({ path: `${PICTURES}/${state}-${colorScheme}-${viewport.width}.png` });
      };
      await check("subscribed");
      await page.getByRole("button", { name: "Unsubscribe", exact: true }).click();
      await page.getByRole("heading", { name: "You are unsubscribed" }).waitFor();
      await check("unsubscribed");
      await page.getByRole("button", { name: "Unsubscribe from all our newsletters" }).click();
      await page.getByText("gets no newsletter from us").waitFor();
      await check("unsubscribed-from-all");
      await page.getByRole("button", { name: "Subscribe again" }).click();
      await page.getByRole("heading", { name: "Unsubscribe?" }).waitFor();
      await page.goto(`${pages.house.url}/l/unknown`);
      await check("invalid");
    });
  });

  test("a person unsubscribes and subscribes again with the keyboard alone, and sees where the focus is", async () => {
    const page = await open();
    await page.keyboard.press("Tab");
    const focused = page.locator(":focus-visible");
    expect(await focused.innerText()).toBe("Unsubscribe");
    expect(await focused.evaluate((element) => getComputedStyle(element).outlineStyle)).toBe("solid");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "You are unsubscribed" }).waitFor();
    await page.keyboard.press("Tab");
    expect(await focused.innerText()).toBe("Subscribe again");
    await page.keyboard.press("Space");
    await page.getByRole("heading", { name: "Unsubscribe?" }).waitFor();
    expect(await title(page)).toBe("Unsubscribe?");
  });
});
