import { expect, test } from "vitest";
import { browse, withChromium } from "./support/pages.ts";
import { eventually, failedCampaign, letMailsGo, sendCampaign, smallPieces } from "./support/seeds.ts";
import { go, statusOf } from "./support/views.ts";

withChromium("what the page says about work", () => {
  const pages = browse(smallPieces);

  test("a campaign with a refused key is shown as blocked, with the reason, the dead letter and the next action, until it is reprocessed", async () => {
    const { id, jobId } = await failedCampaign(pages.house, "The refused key");
    const page = await pages.open("/campaigns");
    const card = page.getByRole("article").filter({ hasText: "The refused key" });
    await card.getByText(/^Blocked: .*key/i).waitFor();
    await card.getByText("blocked", { exact: true }).waitFor();
    expect(await card.innerText()).toContain("Replace the key, then reprocess.");
    expect(await card.innerText()).not.toMatch(/left|a second/);

    await go(page, `/jobs/${jobId}`);
    await page.getByRole("heading", { level: 1 }).getByText("send-email-campaign").waitFor();
    await page.getByText("blocked", { exact: true }).waitFor();

    await go(page, `/campaigns/${id}`);
    await page.getByRole("link", { name: "Open the dead letter" }).click();
    const parent = page.getByRole("region", { name: "Event" }).getByRole("link", { name: "Parent job" });
    expect(await parent.getAttribute("href")).toBe(`#/jobs/${jobId}`);
    await page.getByRole("button", { name: /^Reprocess/ }).click();
    await page
      .getByRole("dialog")
      .getByRole("button", { name: /reprocess/i })
      .click();
    await go(page, `/campaigns/${id}`);
    await page.getByText("completed", { exact: true }).waitFor();
    await page.getByText("Blocked").waitFor({ state: "detached" });
  });

  test("a job that waits for its next attempt shows the last error, the time of the attempt, and the pause in its chart", async () => {
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
      .toMatch(/Attempt 1: [\d.]+ m?s, failed; Pause before the retry: [1-3]/);
    await pages.house.steer("/_control/images", { outage: null });
    await expect.poll(() => statusOf(page).innerText()).toBe("completed");
  });

  test("the counts of the image groups equal the database's, even when the page lists fewer tasks", async () => {
    const { house } = pages;
    const submit = (prompt: string, count: number) =>
      Promise.all(
        Array.from({ length: count }, (_, n) =>
          house.call("POST", "/api/tasks", { prompt: `${prompt} ${n}` }),
        ),
      );
    const untilDrawn = () =>
      eventually("the lane is at rest", async () => {
        const { rows } = await house.sql.query("select from image_tasks where ended_at is null");
        return rows.length === 0;
      });
    await submit("a map that will fail permanently", 60);
    await untilDrawn();
    await house.steer("/_control/images", { hold: true });
    const waiting = await submit("a paper boat", 40);
    for (const { id } of waiting.slice(20)) await house.call("DELETE", `/api/tasks/${id}`);
    await house.steer("/_control/images", { hold: false });
    await untilDrawn();
    await submit("a kite", 25);
    await untilDrawn();

    const { rows } = await house.sql.query(
      "select status, count(*)::int from image_tasks where lane = 'tasks' group by status",
    );
    const counted = new Map(rows.map(({ status, count }) => [status, count]));
    expect(counted.get("failed")).toBe(60);
    const page = await pages.open("/images");
    const heading = (name: string) =>
      page.getByRole("region", { name, exact: true }).locator("header").first();
    for (const [name, status] of [
      ["Failed", "failed"],
      ["Completed", "completed"],
      ["Canceled", "canceled"],
    ] as const)
      await expect
        .poll(() => heading(name).innerText())
        .toMatch(new RegExp(`^${name}\\s+${counted.get(status)}\\s+in 24 hours`));
    await page.getByRole("button", { name: "Show all" }).first().click();
    expect(
      await page.getByRole("region", { name: "Failed", exact: true }).getByRole("listitem").count(),
    ).toBeLessThan(60);

    // The lane's statistics cover all owners, a group shows only what the reader may see.
    const anns = await pages.open("/images", { as: "app" });
    await anns.getByText("Pictures appear here").waitFor();
    await expect.poll(() => anns.getByRole("main").innerText()).toMatch(/Completed\s+0\s+in 24 hours/);
  });

  test("child jobs are shown with their number, and only where there are some", async () => {
    const { jobId } = await sendCampaign(pages.house, { name: "Childless" });
    const page = await pages.open(`/jobs/${jobId}`);
    await expect.poll(() => statusOf(page).innerText()).toBe("completed");
    expect(await page.getByRole("link", { name: /Child jobs/ }).count()).toBe(0);

    const failed = await failedCampaign(pages.house, "A parent");
    const { items } = await pages.house.call("GET", `/api/dead-letters?job=${failed.jobId}`);
    await go(page, `/jobs/${failed.jobId}`);
    await page.getByText("blocked", { exact: true }).waitFor();
    await pages.house.call("POST", `/api/dead-letters/${items[0].id}/reprocess`);
    await page.getByRole("link", { name: "Child jobs: 1" }).click();
    await page.getByRole("heading", { name: "Child jobs", level: 1 }).waitFor();
    await expect.poll(() => page.getByRole("row").count()).toBe(2);
  });

  test("the search for jobs matches parts of words and ids, and its result stays live", async () => {
    const { house } = pages;
    await house.steer("/_control/images", { hold: true });
    const { id } = await house.call("POST", "/api/tasks", { prompt: "a searched fox" });
    const page = await pages.open("/jobs");
    await page.getByLabel("Search").fill("ERATE-ima");
    const row = page.getByRole("row").filter({ has: page.locator(`a[href="#/jobs/${id}"]`) });
    await expect.poll(() => page.url()).toContain("search=ERATE-ima");
    await row.getByText("running").waitFor();
    await page.getByLabel("Search").fill("no such job");
    await page.getByText("No job matches").waitFor();
    await page.getByLabel("Search").fill("searched Fox");
    await row.getByText("running").waitFor();
    await page.getByLabel("Search").fill("no such job");
    await page.getByText("No job matches").waitFor();
    await page.getByLabel("Search").fill(id.slice(2, 30));
    await expect.poll(() => page.getByRole("row").count()).toBe(2);
    await house.steer("/_control/images", { hold: false });
    await row.getByText("completed").waitFor();
    await page.getByLabel("Search").fill("no such word");
    await page.getByText("No job matches").waitFor();
  });

  // The last one: no mail leaves for two minutes.
  test("a campaign that waits for the provider shows until when, and no remaining time", async () => {
    await pages.house.steer("/_control/faults", { rules: [{ status: 429, retryAfter: 120 }] });
    const { id, jobId } = await sendCampaign(pages.house, { name: "The patient letter" });
    const page = await pages.open(`/campaigns/${id}`);
    await page.getByText(/^Waits until \d\d:\d\d$/).waitFor();
    await page.getByText("the mail provider asked for it").waitFor();
    expect(await page.getByRole("main").innerText()).not.toMatch(/about .* left/);
    await go(page, `/jobs/${jobId}`);
    await page.getByText(/^Waits until \d\d:\d\d$/).waitFor();
    await letMailsGo(pages.house);
  });
});
