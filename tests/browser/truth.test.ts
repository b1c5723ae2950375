import { expect, test } from "vitest";
import { browse, withChromium } from "./support/pages.ts";
import { failedCampaign, letMailsGo, sendCampaign, smallPieces } from "./support/seeds.ts";

withChromium("the page tells the truth", () => {
  const pages = browse(smallPieces);

  test("a campaign whose provider refuses the key is blocked: cause, letter, what to do; put back, it goes on", async () => {
    const { id, jobId } = await failedCampaign(pages.house, "The refused key");
    const page = await pages.open("/campaigns");
    const card = page.getByRole("article").filter({ hasText: "The refused key" });
    await card.getByText(/^Blocked: .*key/i).waitFor();
    await card.getByText("blocked", { exact: true }).waitFor();
    expect(await card.innerText()).toContain("Replace the key, then reprocess.");
    expect(await card.innerText()).not.toMatch(/left|a second/);

    await page.evaluate((to) => void (location.hash = to), `#/jobs/${jobId}`);
    await page.getByRole("heading", { level: 1 }).getByText("send-email-campaign").waitFor();
    await page.getByText("blocked", { exact: true }).waitFor();

    await page.evaluate((to) => void (location.hash = to), `#/campaigns/${id}`);
    await page.getByRole("link", { name: "Open the dead letter" }).click();
    await page.getByRole("button", { name: /^Reprocess/ }).click();
    await page
      .getByRole("dialog")
      .getByRole("button", { name: /reprocess/i })
      .click();
    await page.evaluate((to) => void (location.hash = to), `#/campaigns/${id}`);
    await page.getByText("completed", { exact: true }).waitFor();
    await page.getByText("Blocked").waitFor({ state: "detached" });
  });

  test("a campaign whose provider asks for silence says until when it waits, and no time left beside it", async () => {
    await pages.house.steer("/_control/faults", { rules: [{ status: 429, retryAfter: 120 }] });
    const { id, jobId } = await sendCampaign(pages.house, { name: "The patient letter" });
    const page = await pages.open(`/campaigns/${id}`);
    await page.getByText(/^Waits until \d\d:\d\d$/).waitFor();
    await page.getByText("the mail provider asked for it").waitFor();
    expect(await page.getByRole("main").innerText()).not.toMatch(/about .* left/);
    await page.evaluate((to) => void (location.hash = to), `#/jobs/${jobId}`);
    await page.getByText(/^Waits until \d\d:\d\d$/).waitFor();
    await letMailsGo(pages.house);
  });

  test("a job whose run waits for its next attempt shows the last error and when it goes on; the pause is a pause", async () => {
    await pages.house.steer("/_control/images", { outage: 503 });
    const { id } = await pages.house.call("POST", "/api/tasks", { prompt: "a stubborn goat" });
    const page = await pages.open(`/jobs/${id}`);
    const note = page.getByText(/Next attempt in 0:\d\d/).locator("..");
    await expect
      .poll(() => note.innerText())
      .toMatch(/^Next attempt in 0:\d\d: .*503.* provider_unavailable$/);
    const course = page.getByRole("figure").first();
    await expect
      .poll(() => course.innerText())
      .toMatch(/Attempt 1: \d+ ms, failed; Pause before the retry: [1-3]/);
    await pages.house.steer("/_control/images", { outage: null });
    await page.getByText("completed", { exact: true }).waitFor();
  });
});
