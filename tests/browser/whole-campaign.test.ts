import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { chooseByKey, tabTo } from "./support/keyboard.ts";
import { browse, withChromium } from "./support/pages.ts";
import { eventually, holdMails, letMailsGo } from "./support/seeds.ts";
import { statusOf } from "./support/views.ts";

const PEOPLE = 2000;
const people = [
  "email,name",
  ...Array.from({ length: PEOPLE }, (_, n) => `reader-${n}@example.com,Reader ${n}`),
].join("\n");

withChromium("a campaign from the list to the report", () => {
  const pages = browse({ MAIL_REQUESTS_PER_SECOND: "0" });

  /** Goes to the control with the keyboard and presses Enter. */
  const press = async (page: Page, control: RegExp) => {
    await tabTo(page, control);
    await page.keyboard.press("Enter");
  };
  const write = async (page: Page, field: RegExp, words: string) => {
    await tabTo(page, field);
    await page.keyboard.insertText(words);
  };
  const choose = async (page: Page, field: RegExp, option: string) => {
    await tabTo(page, field);
    await chooseByKey(page.locator(":focus"), option);
  };
  const heading = (page: Page, name: string | RegExp) =>
    page.getByRole("heading", { name, level: 1 }).waitFor();

  test("a list, its import, the mail, a test, sending, a pause and a report need the keyboard alone", async () => {
    const page = await pages.open("/lists", { expected: /\/storage\/v1\/object\/(upload\/)?sign\// });
    await page.getByText("No list yet").waitFor();
    await write(page, /^Name/, "Readers");
    await page.keyboard.press("Enter");
    await heading(page, "Readers");

    await press(page, /^Import subscribers/);
    await heading(page, "Imports");
    const choosing = page.waitForEvent("filechooser");
    await page.locator("input[type=file]").press("Space");
    await (await choosing).setFiles({
      name: "readers.csv",
      mimeType: "text/csv",
      buffer: Buffer.from(people),
    });
    await page.getByRole("cell", { name: "reader-0@example.com" }).waitFor();
    await press(page, /^Import$/);
    await heading(page, "readers.csv");
    await page.getByText("completed", { exact: true }).waitFor();

    await press(page, /^Campaigns/);
    await press(page, /^New campaign/);
    await heading(page, "New campaign");
    await choose(page, /^List/, "Readers");
    await write(page, /^From/, "Ada <ada@example.com>");
    await write(page, /^Subject/, "News");
    await write(page, /^HTML$/, "<p>Hello {{name}}</p>");
    await page.frameLocator('iframe[title="The mail"]').getByText("Hello Reader 0").waitFor();
    await press(page, /^Save draft/);
    await heading(page, "News");
    await press(page, /^Preview$/);
    const card = page.getByRole("region", { name: "Before sending" });
    await card.getByText(`example.com ${PEOPLE.toLocaleString("en")}`).waitFor();

    await write(page, /^Test mail to/, "me@example.com");
    await press(page, /^Send test/);
    await page.getByText("Test mail to me@example.com is queued").waitFor();
    await eventually("the test mail is sent", async () => {
      const { rows } = await pages.house.sql.query("select from mails where message_id is not null");
      return rows.length === 1;
    });

    await holdMails(pages.house);
    await press(page, /^Send$/);
    await page.getByRole("dialog").waitFor();
    await press(page, /^Send to 2,000/);
    const badge = statusOf(page);
    await page.getByRole("button", { name: "Pause" }).waitFor();
    await press(page, /^Pause/);
    await expect.poll(() => badge.innerText()).toBe("paused");
    await letMailsGo(pages.house);
    await press(page, /^Resume/);
    await expect.poll(() => badge.innerText()).toBe("completed");
    const [{ id }] = (await pages.house.call("GET", "/api/campaigns")).items;
    expect(await pages.house.call("GET", `/api/campaigns/${id}`)).toMatchObject({
      subject: "News",
      counts: { recipients: PEOPLE, sent: PEOPLE },
    });

    await press(page, /^Make report/);
    await page.getByRole("button", { name: "Download report" }).waitFor();
    const downloading = page.waitForEvent("download");
    await press(page, /^Download report/);
    expect((await downloading).suggestedFilename()).toMatch(/^campaign-\d{4}-\d\d-\d\d\.pdf$/);
    await press(page, /^Notifications/);
    await page.getByRole("dialog", { name: "Notifications" }).waitFor();
    await press(page, /^A report is ready/);
    await heading(page, /^Campaign, /);
  });
});
