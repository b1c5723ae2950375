import { expect, test } from "vitest";
import { browse, withChromium } from "./support/pages.ts";
import {
  draftCampaign,
  failedCampaign,
  holdMails,
  letMailsGo,
  sendCampaign,
  smallPieces,
} from "./support/seeds.ts";
import { go } from "./support/views.ts";

withChromium("jobs, campaigns and dead letters", () => {
  // As with a provider that ignores idempotency keys: requests without an answer stay unknown.
  const pages = browse({ ...smallPieces, MAIL_IDEMPOTENT: "false" });

  test("new work appears, changes and completes on the page without a reload", async () => {
    const page = await pages.open("/jobs");
    await page.getByText("No work yet").waitFor();
    await holdMails(pages.house);
    await sendCampaign(pages.house);

    const row = page.getByRole("row").filter({ hasText: "campaign" });
    await row.getByText("running").waitFor();
    await letMailsGo(pages.house);
    await row.getByText("completed").waitFor();
    await row.getByText("100 %").waitFor();
  });

  test("S4-65: the page reports a campaign that it sent as queued, and then as done", async () => {
    const id = await draftCampaign(pages.house, { name: "The spring letter" });
    const page = await pages.open(`/campaigns/${id}`);
    await holdMails(pages.house);
    await page.getByRole("button", { name: "Preview" }).click();
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Send to 20" }).click();
    await page.getByText("Queued: The spring letter").waitFor();
    await letMailsGo(pages.house);
    await page.getByText("Done: The spring letter").waitFor();
  });

  test("the filter is part of the address, and a job's page shows its timeline", async () => {
    const { jobId } = await sendCampaign(pages.house, { name: "A story" });
    const page = await pages.open("/jobs");
    await page.getByLabel("Status").selectOption("failed");
    await page.getByText("No job matches").waitFor();
    expect(page.url()).toContain("status=failed");
    await go(page, `/jobs/${jobId}`);
    await page.getByText("completed").first().waitFor();
    for (const step of ["accepted", "sent", "started", "completed"])
      await page.getByRole("listitem").filter({ hasText: step }).first().waitFor();
  });

  test("older jobs are on a second page that is live too, also when all were accepted in the same millisecond", async () => {
    await pages.house.steer("/_control/images", { hold: true });
    for (let n = 0; n < 51; n += 1)
      await pages.house.call("POST", "/api/tasks", { prompt: `sketch ${n + 1}` });
    await pages.house.sql.query(
      "update jobs set created_at = (select min(created_at) from jobs) where kind = $1",
      ["generate-image"],
    );
    const page = await pages.open("/jobs?kind=generate-image");
    const rows = page.getByRole("row").filter({ hasText: "generate-image" });
    await expect.poll(() => rows.count()).toBe(50);
    await page.getByRole("link", { name: "Older" }).click();
    await expect.poll(() => rows.count()).toBe(1);
    await rows.getByText(/^(queued|running)$/).waitFor();
    await pages.house.call("POST", "/api/clear-queue", { lane: "tasks" });
    await rows.getByText("canceled").waitFor();
    await page.getByRole("link", { name: "Newest" }).click();
    await expect.poll(() => rows.getByText("canceled").count()).toBe(50);
    await pages.house.steer("/_control/images", { hold: false });
  });

  test("a job is canceled on its page after a confirmation", async () => {
    await holdMails(pages.house);
    const { jobId } = await sendCampaign(pages.house, { name: "Too early" });
    const page = await pages.open(`/jobs/${jobId}`);
    await page.getByRole("button", { name: /^Cancel/ }).click();
    const question = page.getByRole("dialog");
    await question.getByRole("button", { name: /keep/i }).click();
    await question.waitFor({ state: "detached" });
    await page.getByRole("button", { name: /^Cancel/ }).click();
    await question.getByRole("button", { name: /cancel/i }).click();
    await page.getByText("canceled", { exact: true }).first().waitFor();
    // The button has gone; the focus is now in the view, not at the top of the page.
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe("MAIN");
    await letMailsGo(pages.house);
  });

  test("leaving the view closes the confirmation without canceling", async () => {
    await holdMails(pages.house);
    const { jobId } = await sendCampaign(pages.house, { name: "Left alone" });
    const page = await pages.open("/jobs");
    await page.locator(`a[href="#/jobs/${jobId}"]`).click();
    await page.getByRole("button", { name: /^Cancel/ }).click();
    await page.getByRole("dialog").waitFor();
    await page.goBack();
    await page.getByRole("heading", { name: "Jobs", level: 1 }).waitFor();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect((await pages.house.call("GET", `/api/jobs/${jobId}`)).status).toBe("running");
    await letMailsGo(pages.house);
  });

  test("a campaign's progress grows on the page until the last mail", async () => {
    await holdMails(pages.house, /reader-40@/);
    await sendCampaign(pages.house, { name: "The winter letter", people: 40 });
    const page = await pages.open("/campaigns");
    const campaign = page.getByRole("article").filter({ hasText: "The winter letter" });
    await campaign.getByText("sending").first().waitFor();
    const progress = (words: RegExp) => campaign.getByText(words).first();
    await progress(/35 of 40/).waitFor();
    await letMailsGo(pages.house);
    await progress(/40 of 40/).waitFor();
    await campaign.getByText("completed").first().waitFor();
  });

  test("a filter that is given in a link is shown, and can be cleared", async () => {
    const { jobId } = await sendCampaign(pages.house, { name: "A parent" });
    const page = await pages.open(`/jobs?parent=${jobId}`);
    await page.getByText("No job matches").waitFor();
    expect(await page.getByLabel("Parent job").inputValue()).toBe(jobId);
    await page.getByRole("button", { name: "Clear" }).click();
    await page.getByRole("heading", { name: "Jobs", level: 1, exact: true }).waitFor();
    await page.locator(`a[href="#/jobs/${jobId}"]`).waitFor();
    expect(page.url()).not.toContain("parent");
  });

  test("an unknown mail is resolved by a person, who must give a reason", async () => {
    await pages.house.steer("/_control/faults", { rules: [{ dropAnswer: true, count: 1 }] });
    const { id } = await sendCampaign(pages.house, { name: "Half an answer", people: 10 });
    const page = await pages.open(`/campaigns/${id}?status=unknown`);
    const settle = page.getByRole("button", { name: /^Mark as sent: / });
    await expect.poll(() => settle.count()).toBe(5);
    const name = (await settle.first().getAttribute("aria-label")) ?? "";
    const email = name.replace("Mark as sent: ", "");

    await settle.first().click();
    const question = page.getByRole("dialog", { name: `Mark as sent: ${email}?` });
    const reason = question.getByLabel("How do you know?");
    await question.getByRole("button", { name: "Mark as sent" }).click();
    expect(await reason.evaluate((field: HTMLTextAreaElement) => field.validity.valueMissing)).toBe(true);
    await reason.fill("the provider's log has it");
    await question.getByRole("button", { name: "Mark as sent" }).click();
    await expect.poll(() => settle.count()).toBe(4);
    await page.getByRole("link", { name: "4 unknown" }).waitFor();

    await page.getByRole("link", { name: "6 sent" }).click();
    const row = page.getByRole("row").filter({ has: page.getByText(email, { exact: true }) });
    await row.getByText("the provider's log has it").waitFor();
    expect((await pages.house.call("GET", `/api/campaigns/${id}`)).counts).toMatchObject({
      sent: 6,
      unknown: 4,
    });
    await letMailsGo(pages.house);
  });

  test("a dead letter is reprocessed on the page, which then shows its outcome", async () => {
    await failedCampaign(pages.house, "Put back");
    const page = await pages.open("/dead-letters");
    const letter = page.getByRole("article").filter({ hasText: "send-campaign-part" });
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

  test("a dead letter is ignored on the page, which requires a reason and shows it", async () => {
    await failedCampaign(pages.house, "Left undone");
    const page = await pages.open("/dead-letters");
    const letter = page.getByRole("article").filter({ hasText: "send-campaign-part" });
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
