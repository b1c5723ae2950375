import { expect, test } from "vitest";
import { audit } from "./support/axe.ts";
import { browse, withChromium } from "./support/pages.ts";
import { failedCampaign, holdMails, letMailsGo, sendCampaign, smallPieces } from "./support/seeds.ts";

withChromium("the navigation", () => {
  const pages = browse(smallPieces);

  test("it counts open dead letters and work under way, from one address, and forgets them when they end", async () => {
    await failedCampaign(pages.house);
    const page = await pages.open("/overview");
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await page.reload();
    await page.getByRole("link", { name: "Dead letters 1 open" }).waitFor();
    await page.getByRole("link", { name: "Campaigns 1 under way" }).waitFor();
    expect(asked).toContain("/api/open");
    expect(asked.filter((path) => /^\/api\/(dead-letters|alerts|imports|campaigns)/.test(path))).toEqual([]);
    await holdMails(pages.house);
    await sendCampaign(pages.house);
    await page.getByRole("link", { name: "Campaigns 2 under way" }).waitFor();
    await letMailsGo(pages.house);
    await page.getByRole("link", { name: "Campaigns 1 under way" }).waitFor();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect((await audit(page)).violations).toEqual([]);
    }
  });

  test("only administrators count dead letters, and a person's own campaigns are counted for them", async () => {
    const counts = async (key: string) =>
      (await fetch(`${pages.house.url}/api/open`, { headers: { authorization: `Bearer ${key}` } })).json();
    const { admin, app } = pages.house.keys;
    expect(await counts(admin)).toEqual({ deadLetters: 1, alerts: 0, imports: 0, campaigns: 1 });
    expect(await counts(app)).toMatchObject({ deadLetters: 0, campaigns: 0 });
  });

  test("a tile of the overview opens the jobs that it counts", async () => {
    const page = await pages.open("/overview");
    const tile = page.getByRole("link", { name: "Running", exact: true });
    const whole = tile.locator("xpath=ancestor::dl");
    const box = await whole.boundingBox();
    if (box === null) throw new Error("The tile has no box.");
    await whole.click({ position: { x: box.width - 6, y: box.height - 6 } });
    await page.waitForURL(/#\/jobs\?status=running$/);
    await page.getByText("1 job", { exact: true }).waitFor();
  });
});
