import { expect, test } from "vitest";
import { browse } from "./support/pages.ts";

browse("the key", ({ open }) => {
  test("without a key the page asks for one, and a key leaves the address at once", async () => {
    const page = await open("", { as: null });
    await page.getByLabel("API key").waitFor();
    const other = await open("/jobs");
    await other.getByRole("heading", { name: "Jobs", level: 1 }).waitFor();
    expect(other.url()).not.toContain("key=");
  });
});
