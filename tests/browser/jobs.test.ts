import { expect, test } from "vitest";
import { audit } from "./support/axe.ts";
import { browse, withChromium } from "./support/pages.ts";
import { failedCampaign, smallPieces } from "./support/seeds.ts";

withChromium("the list of jobs", () => {
  const pages = browse(smallPieces);
  const draw = async (prompt: string) =>
    String((await pages.house.call("POST", "/api/tasks", { prompt })).id);

  test("filters offer what exists, the period is one of them, and the total and the last error are shown", async () => {
    await failedCampaign(pages.house, "The told error");
    await draw("a counted hare");
    const page = await pages.open("/jobs", { movesClock: true });
    await page.getByText("2 jobs", { exact: true }).waitFor();
    // What each job is about: a campaign's name, a picture's prompt.
    await page.getByRole("cell", { name: "The told error" }).waitFor();
    await page.getByRole("cell", { name: "a counted hare" }).waitFor();
    const kinds = page.getByLabel("Kind");
    await expect
      .poll(() => kinds.locator("option").allInnerTexts())
      .toEqual(["any", "generate-image", "send-email-campaign"]);
    const blocked = page.getByRole("row").filter({ hasText: "send-email-campaign" });
    await blocked.getByText("provider_unauthorized").waitFor();
    await kinds.selectOption("generate-image");
    await page.getByText("1 job", { exact: true }).waitFor();
    await page.getByLabel("Accepted").selectOption("last hour");
    await expect.poll(() => page.url()).toContain("period=last+hour");
    await page.getByText("1 job", { exact: true }).waitFor();
    await pages.house.sql.query(
      "update jobs set created_at = created_at - interval '2 hours' where kind = 'generate-image'",
    );
    await page.reload();
    await page.getByText("No job matches").waitFor();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect((await audit(page)).violations).toEqual([]);
    }

    // A period moves with the time, also while the page stays open.
    await page.getByLabel("Accepted").selectOption("last 24 hours");
    await page.getByText("1 job", { exact: true }).waitFor();
    await page.clock.fastForward("25:00:00");
    await page.getByText("No job matches").waitFor();
  });

  test("a click anywhere in a row opens its job", async () => {
    const id = await draw("a clicked hare");
    const page = await pages.open("/jobs");
    const row = page.getByRole("row").filter({ has: page.locator(`a[href="#/jobs/${id}"]`) });
    // Nothing of the table is cut off on a usual screen.
    const table = page.getByRole("region", { name: "Jobs, newest first" });
    await row.waitFor();
    expect(await table.evaluate((one) => one.scrollWidth - one.clientWidth)).toBe(0);
    const box = await row.boundingBox();
    if (box === null) throw new Error("The row has no box.");
    await row.click({ position: { x: box.width - 8, y: box.height / 2 } });
    await expect.poll(() => page.url()).toContain(id);
  });

  test("rows keep their places under the pointer; new jobs are counted and shown when asked for", async () => {
    const first = await draw("a held hare");
    const page = await pages.open("/jobs");
    const firstRow = () => page.getByRole("row").nth(1).locator("a").first().getAttribute("href");
    await expect.poll(firstRow).toBe(`#/jobs/${first}`);
    await page.getByRole("row").nth(1).hover();
    const second = await draw("a new hare");
    await page.getByRole("button", { name: "Show 1 new job" }).waitFor();
    expect(await firstRow()).toBe(`#/jobs/${first}`);
    await page.getByRole("button", { name: "Show 1 new job" }).click();
    await expect.poll(firstRow).toBe(`#/jobs/${second}`);
    const third = await draw("another hare");
    await page.getByRole("button", { name: "Show 1 new job" }).waitFor();
    await page.getByRole("heading", { level: 1 }).hover();
    await expect.poll(firstRow).toBe(`#/jobs/${third}`);
  });
});
