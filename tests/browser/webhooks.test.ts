import { expect, test } from "vitest";
import { audit } from "./support/axe.ts";
import { enter } from "./support/keyboard.ts";
import { browse, withChromium } from "./support/pages.ts";

withChromium("webhooks", () => {
  const pages = browse();

  test("an endpoint is made with its secret, tested, looked into, sent again, disabled and deleted, by keyboard alone", async () => {
    const page = await pages.open("/webhooks", { expected: /net::ERR_/ });
    await page.getByText("No endpoint yet").waitFor();
    await page.getByLabel("Address").fill("https://localhost/hook");
    await page.keyboard.press("Enter");
    const secret = page.getByRole("dialog", { name: "Signing secret" });
    await secret.getByText(/^whsec_/).waitFor();
    expect((await audit(page)).violations).toEqual([]);
    await page.keyboard.press("Escape");
    await secret.waitFor({ state: "hidden" });

    await enter(page.getByRole("link", { name: "https://localhost/hook" }));
    await page.getByRole("heading", { name: "Webhook endpoint", level: 1 }).waitFor();
    await page.getByText("Nothing was sent yet.").waitFor();
    await enter(page.getByRole("button", { name: "Send test event" }));
    await enter(page.getByRole("button", { name: "job.completed" }));
    const delivery = page.getByRole("dialog", { name: "job.completed" });
    // The address is not on the public internet, so nothing is sent there.
    await delivery.getByText("address_refused").first().waitFor();
    await delivery.getByText("ALLOW_PRIVATE_HOSTS allows private networks.").waitFor();
    expect(await delivery.getByRole("link", { name: "Job", exact: true }).getAttribute("href")).toMatch(
      /^#\/jobs\/[\da-f-]{36}$/,
    );
    expect((await audit(page)).violations).toEqual([]);
    await page.route("**/resend", (route) => route.abort(), { times: 1 });
    await delivery.getByRole("button", { name: "Send again" }).click();
    await delivery.getByRole("alert").waitFor();
    await delivery.getByRole("button", { name: "Send again" }).click();
    await expect.poll(() => delivery.getByRole("listitem").count()).toBeGreaterThan(1);
    await page.keyboard.press("Escape");

    await page.getByRole("button", { name: "Replace secret" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Replace secret" }).click();
    await secret.getByText(/^whsec_/).waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("Old secret signs until").waitFor();

    await page.getByRole("button", { name: "Disable" }).click();
    await page.getByText(/^Disabled since/).waitFor();
    await page.getByRole("button", { name: "Enable" }).click();
    // The delivery still waits, so it is not among those that were not delivered.
    await page.getByRole("combobox").filter({ hasText: "Everything" }).selectOption("all");
    await page.getByRole("button", { name: "Count and replay" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Replay" }).click();
    await page.getByText(/1 of 1 queued/).waitFor();
    expect((await audit(page)).violations).toEqual([]);

    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete endpoint" }).click();
    await page.getByText("No endpoint yet").waitFor();
  });

  test("the catalog shows an example of each event, and the snippets four languages", async () => {
    const page = await pages.open("/webhooks");
    await page.locator("summary", { hasText: "report.ready" }).click();
    await page.getByText(/"reportId"/).waitFor();
    for (const [language, word] of [
      ["Python", "hmac.compare_digest"],
      ["Go", "hmac.Equal"],
      ["Ruby", "fixed_length_secure_compare"],
      ["Node", "timingSafeEqual"],
    ] as const) {
      await page.getByText(language, { exact: true }).click();
      await page.getByText(word).first().waitFor();
    }
    expect((await audit(page)).violations).toEqual([]);
  });
});
