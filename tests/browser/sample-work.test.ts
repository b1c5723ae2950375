import { expect, test } from "vitest";
import { browse, withChromium } from "./support/pages.ts";

withChromium("sample work", () => {
  const pages = browse({});

  test("an empty page of a local stack can load it with one click, and then no longer offers it", async () => {
    // While the PDF of the sample report is rendered, the one process of this stack answers nothing. On a busy machine
    // the page's next requests then get a 503, and it asks again.
    const page = await pages.open("/", { expected: /status of 503/ });
    const button = page.getByRole("button", { name: "Load sample work" });
    const loaded = page.waitForResponse((response) => response.url().endsWith("/local-stack/sample-work"));
    await button.click();
    expect((await loaded).status()).toBe(201);
    await page.getByText("Sample work is loaded").waitFor();
    for (const kind of ["campaign", "image", "report", "resize-image"])
      await page.getByRole("row").filter({ hasText: kind }).first().waitFor();
    await button.waitFor({ state: "detached" });
    const { items } = await pages.house.call("GET", "/api/campaigns");
    expect(items).toMatchObject([{ name: "The autumn letter" }]);

    await expect(pages.house.call("POST", "/local-stack/sample-work")).rejects.toThrow("409");
    expect((await pages.house.call("GET", "/api/campaigns")).items).toHaveLength(1);
  });
});
