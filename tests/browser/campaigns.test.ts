import { test } from "vitest";
import { browse, withChromium } from "./support/pages.ts";
import { sendCampaign, smallPieces } from "./support/seeds.ts";

withChromium("campaigns", () => {
  const pages = browse(smallPieces);

  test("a campaign's progress grows while one looks, up to the last mail", async () => {
    await pages.house.steer("/_control/latency", { latencyMs: 500 });
    await sendCampaign(pages.house, { name: "The winter letter", people: 40 });
    const page = await pages.open("/campaigns");
    const campaign = page.getByRole("article").filter({ hasText: "The winter letter" });
    await campaign.getByText("sending").first().waitFor();
    await campaign
      .getByText(/40 of 40/)
      .first()
      .waitFor();
    await campaign.getByText("completed").first().waitFor();
  });
});
