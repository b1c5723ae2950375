import { expect, test } from "vitest";
import { audit } from "./support/axe.ts";
import { browse, withChromium } from "./support/pages.ts";
import { eventually, GITHUB_SECRET, receiveGithub } from "./support/seeds.ts";
import { statusOf } from "./support/views.ts";

withChromium("the inbox of webhooks", () => {
  const pages = browse({ GITHUB_WEBHOOK_SECRET: GITHUB_SECRET });
  const handled = (count: number) =>
    eventually("the webhooks are handled", async () => {
      const applied = "select from webhook_inbox where verdict = 'applied'";
      return (await pages.house.sql.query(applied)).rowCount === count;
    });
  const starCount = async () =>
    (await pages.house.sql.query("select sum(added_star_count)::int as n from github_metrics")).rows[0].n;

  test("webhooks are listed, filtered, opened, and handled again", async () => {
    const page = await pages.open("/webhook-inbox");
    await page.getByText("No webhook yet").waitFor();
    for (const type of ["push", "fork", "star"]) await receiveGithub(pages.house, type);
    await handled(2);
    await page.reload();
    const rows = page.getByRole("region", { name: "Received webhooks" }).locator("tbody tr");
    await expect.poll(() => rows.count()).toBe(3);

    const filters = page.getByRole("form", { name: "Filters" });
    await filters.getByRole("combobox", { name: "Status" }).selectOption("ignored");
    await expect.poll(() => rows.allInnerTexts()).toEqual([expect.stringMatching(/^fork/)]);
    await page.getByRole("button", { name: "Clear" }).click();
    await filters.getByRole("combobox", { name: "Source" }).selectOption("github");
    await filters.getByRole("combobox", { name: "Type" }).selectOption("star");
    await expect.poll(() => rows.allInnerTexts()).toEqual([expect.stringMatching(/^star/)]);
    expect((await audit(page)).violations).toEqual([]);

    await page.getByRole("link", { name: "star" }).click();
    await page.getByRole("heading", { name: "star", level: 1 }).waitFor();
    await page.getByText("It has changed our rows.").waitFor();
    await page.getByText("x-github-delivery").waitFor();
    await page.getByLabel("Body").getByText('"ada/engine"').waitFor();
    expect((await audit(page)).violations).toEqual([]);

    await page.getByRole("button", { name: "Replay" }).click();
    const question = page.getByRole("dialog", { name: "Handle 1 webhook again?" });
    await question.getByRole("button", { name: "Replay" }).click();
    await page.getByRole("heading", { name: "inbox-replay", level: 1 }).waitFor();
    await expect.poll(starCount, { timeout: 30_000 }).toBe(2);
  });

  test("the replay of one webhook leaves out another that arrived in the same moment", async () => {
    const before = await starCount();
    const id = await receiveGithub(pages.house, "star");
    await receiveGithub(pages.house, "star");
    await handled(4);
    await pages.house.sql.query(
      "update webhook_inbox set received_at = now() - interval '1 day' where type = 'star'",
    );
    const page = await pages.open(`/webhook-inbox/${id}`);
    await page.getByRole("button", { name: "Replay" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Replay" }).click();
    await page.getByRole("heading", { name: "inbox-replay", level: 1 }).waitFor();
    await expect.poll(() => statusOf(page).innerText()).toBe("completed");
    // The replay has ended, but the jobs that it gave to webhooks may go on.
    await eventually("all jobs have ended", async () => {
      return (await pages.house.sql.query("select from jobs where ended_at is null")).rowCount === 0;
    });
    expect(await starCount()).toBe(before + 3);
  });

  test("a replay begins with the filter of the list, and says how many webhooks it handles", async () => {
    await receiveGithub(pages.house, "issues", { action: "opened" });
    await handled(5);
    const page = await pages.open("/webhook-inbox?source=github&type=issues");
    const form = page.getByRole("form", { name: "Replay" });
    await expect.poll(() => form.getByLabel("Of type").inputValue()).toBe("issues");
    await form.getByLabel("With status").selectOption("ignored");
    await form.getByRole("button", { name: "Count and replay" }).click();
    await page.getByText("There is nothing to handle again").waitFor();
    await form.getByLabel("With status").selectOption("");
    await form.getByRole("button", { name: "Count and replay" }).click();
    await page.getByRole("dialog", { name: "Handle 1 webhook again?" }).waitFor();
    await page.keyboard.press("Escape");
  });

  test("the job of a webhook leads to it, and it leads back", async () => {
    const id = await receiveGithub(pages.house, "star");
    const page = await pages.open(`/webhook-inbox/${id}`);
    await page.getByRole("link", { name: "Job", exact: true }).click();
    await page.getByRole("heading", { name: "webhook", level: 1 }).waitFor();
    await page.getByRole("link", { name: "Webhook", exact: true }).click();
    await page.getByRole("heading", { name: "star", level: 1 }).waitFor();
  });

  test("a key that is no administrator's is told so", async () => {
    const page = await pages.open("/webhook-inbox", { as: "app", expected: /403/ });
    await page.getByText("This page is for administrators").waitFor();
  });
});
