import { expect, test } from "vitest";
import { browse, withChromium } from "./support/pages.ts";
import { failedCampaign, smallPieces } from "./support/seeds.ts";

withChromium("dead letters", () => {
  const pages = browse(smallPieces);

  test("one is read and put back, and the page tells what became of it", async () => {
    await failedCampaign(pages.house, "Put back");
    const page = await pages.open("/dead-letters");
    const letter = page.getByRole("article").filter({ hasText: "send-campaign-chunk" });
    await letter.getByText("provider_unauthorized").first().waitFor();

    await letter.getByRole("button", { name: /^Reprocess/ }).click();
    await page
      .getByRole("dialog")
      .getByRole("button", { name: /reprocess/i })
      .click();
    await letter.waitFor({ state: "detached" });
    await page.getByRole("radiogroup", { name: "Status" }).getByText("Reprocessed").click();
    await letter.getByText("completed").first().waitFor();
  });

  test("one is left undone for a reason, which is kept", async () => {
    await failedCampaign(pages.house, "Left undone");
    const page = await pages.open("/dead-letters");
    const letter = page.getByRole("article").filter({ hasText: "send-campaign-chunk" });
    await letter.getByRole("button", { name: /^Ignore/ }).click();
    const question = page.getByRole("dialog");
    const reason = question.getByRole("textbox");
    await question.getByRole("button", { name: /^Ignore/ }).click();
    expect(await reason.evaluate((field: HTMLTextAreaElement) => field.validity.valueMissing)).toBe(true);
    await reason.fill("the sender was wrong");
    await question.getByRole("button", { name: /^Ignore/ }).click();
    await page.getByRole("radiogroup", { name: "Status" }).getByText("Ignored").click();
    await letter.getByText("the sender was wrong").waitFor();
  });
});
