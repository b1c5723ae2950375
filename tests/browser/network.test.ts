import { expect, test } from "vitest";
import { browse, withChromium } from "./support/pages.ts";
import { sendCampaign, smallPieces } from "./support/seeds.ts";

/** What Chromium itself says of requests without a network. */
const lost = /ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|ERR_FAILED|ERR_CONNECTION/;

withChromium("the network", () => {
  const pages = browse(smallPieces);

  test("goes, and the page says so and keeps what it shows; comes back, and the page catches up by itself", async () => {
    await sendCampaign(pages.house, { name: "Before" });
    const page = await pages.open("/jobs", { expected: lost });
    const rows = page.getByRole("row").filter({ hasText: "campaign" });
    await rows.getByText("completed").waitFor();
    await page.getByLabel("Kind").fill("camp");

    await page.context().setOffline(true);
    await page.getByRole("status").filter({ hasText: "Offline" }).waitFor();
    expect(await rows.count()).toBe(1);
    expect(await page.getByLabel("Kind").inputValue()).toBe("camp");

    await sendCampaign(pages.house, { name: "Meanwhile" });
    await page.context().setOffline(false);
    await page.getByRole("status").filter({ hasText: "Live" }).waitFor();
    await expect.poll(() => rows.getByText("completed").count(), { timeout: 10_000 }).toBe(2);
    expect(await page.getByLabel("Kind").inputValue()).toBe("camp");
  });
});
