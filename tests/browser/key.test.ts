import { expect, test } from "vitest";
import { browse, withChromium } from "./support/pages.ts";

withChromium("the key", () => {
  const pages = browse();

  test("without a key the page asks for one, and a key leaves the address at once", async () => {
    const stranger = await pages.open("", { as: null });
    await stranger.getByLabel("API key").waitFor();
    const page = await pages.open("/jobs");
    await page.getByRole("heading", { name: "Jobs", level: 1 }).waitFor();
    expect(page.url()).not.toContain("key=");
  });
});
