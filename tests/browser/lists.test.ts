import { expect, test } from "vitest";
import { enter } from "./support/keyboard.ts";
import { faultsOf } from "./support/looks.ts";
import { browse, withChromium } from "./support/pages.ts";
import { eventually, sendCampaign, smallPieces } from "./support/seeds.ts";
import { go } from "./support/views.ts";

withChromium("lists", () => {
  const pages = browse(smallPieces);

  test("a list is made by keyboard, and leads to an import into it", async () => {
    const page = await pages.open("/lists", { expected: /\/storage\/v1\/object\/upload\/sign\/imports\// });
    await page.getByText("No list yet").waitFor();
    await page.getByLabel("Name").press("R");
    await page.keyboard.type("eaders");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Readers", level: 1 }).waitFor();
    await page.getByText("No subscriber yet").waitFor();
    const [list] = (await pages.house.call("GET", "/api/lists")).items;

    await enter(page.getByRole("link", { name: "Import subscribers" }));
    const buffer = Buffer.from("email,name\nada@example.com,Ada\n");
    await page
      .locator("input[type=file]")
      .setInputFiles({ name: "people.csv", mimeType: "text/csv", buffer });
    await expect.poll(() => page.getByLabel("Import into").inputValue()).toBe("subscribers");
    await expect.poll(() => page.getByRole("combobox", { name: /^List/ }).inputValue()).toBe(list.id);
    await enter(page.getByRole("button", { name: "Import", exact: true }));
    await page.getByText("completed", { exact: true }).waitFor();
    const { items } = await pages.house.call("GET", `/api/lists/${list.id}/subscribers`);
    expect(items).toMatchObject([{ email: "ada@example.com" }]);
  });

  test("lists show how many may get mail; a list is searched by address and filtered by status", async () => {
    const { call } = pages.house;
    const { id } = await call("POST", "/api/lists", { name: "Guests" });
    const path = `/api/lists/${id}/subscribers`;
    await call("POST", path, [
      { email: "ada@example.com", name: "Ada" },
      { email: "grace@example.org", name: "Grace" },
      { email: "GRACE@example.com", name: "Grace" },
    ]);
    const { items } = await call("GET", path);
    await call("PATCH", `${path}/${items[0].id}`, { status: "unsubscribed" });

    const page = await pages.open("/jobs", { movesClock: true });
    await page.getByRole("heading", { name: "Jobs", level: 1 }).waitFor();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await go(page, "/lists");
    const row = page.getByRole("row").filter({ hasText: "Guests" });
    await row.getByText("1 get no mail").waitFor();
    expect(await row.getByRole("cell").first().innerText()).toMatch(/^2\s/);
    // One request answers the counts of all lists. It is not repeated, because it reads every subscriber.
    await page.clock.runFor(20_000);
    await page.evaluate(async () => void (await fetch("/")));
    expect(asked.filter((path) => path.startsWith("/api/lists"))).toEqual(["/api/lists"]);
    expect(await faultsOf(page, "lists")).toEqual([]);

    await enter(page.getByRole("link", { name: "Guests" }));
    const shown = () => page.getByRole("rowheader").allInnerTexts();
    await expect.poll(shown).toEqual(["ada@example.com", "GRACE@example.com", "grace@example.org"]);
    expect(await faultsOf(page, "list")).toEqual([]);
    await page.getByLabel("Search").fill("grace");
    await expect.poll(shown).toEqual(["GRACE@example.com", "grace@example.org"]);
    await page.getByLabel("Search").fill("e_org");
    await page.getByText("No subscriber matches").waitFor();
    await enter(page.getByRole("button", { name: "Clear" }));
    await page.getByLabel("Status").selectOption("unsubscribed");
    await expect.poll(shown).toEqual(["ada@example.com"]);
  });

  test("one person's history shows mails, bounces and consent; erasing asks first", async () => {
    const { call, steer } = pages.house;
    await steer("/_control/reject", { addresses: ["reader-2@example.com"] });
    const { id: campaignId, jobId } = await sendCampaign(pages.house, { name: "The letter", people: 2 });
    await eventually(
      "it is sent",
      async () => (await call("GET", `/api/jobs/${jobId}`)).status === "completed",
    );
    const { listId } = await call("GET", `/api/campaigns/${campaignId}`);
    const path = `/api/lists/${listId}/subscribers`;
    const [first] = (await call("GET", path)).items;
    await call("PATCH", `${path}/${first.id}`, { status: "unsubscribed" });

    const page = await pages.open(`/lists/${listId}`);
    await enter(page.getByRole("link", { name: "reader-2@example.com" }));
    const mails = page.getByRole("region", { name: "Mails", exact: true });
    await mails.getByText("failed", { exact: true }).waitFor();
    await page.getByText("No suppression applies to this address.").waitFor();
    await enter(page.getByRole("link", { name: "The list" }));
    await enter(page.getByRole("link", { name: "reader-1@example.com" }));
    await mails.getByRole("link", { name: "The letter" }).waitFor();
    await mails.getByText("sent", { exact: true }).waitFor();
    const consent = page.getByRole("region", { name: "Consent" });
    await consent.getByText("unsubscribed").waitFor();
    await consent.getByText("in force").waitFor();
    expect(await faultsOf(page, "person")).toEqual([]);

    const erase = async (answer: string) => {
      await enter(page.getByRole("button", { name: "Erase" }));
      const question = page.getByRole("dialog", { name: "Erase reader-1@example.com?" });
      await enter(question.getByRole("button", { name: answer }));
      await question.waitFor({ state: "detached" });
    };
    const addresses = async () =>
      (await call("GET", path)).items.map(({ email }: { email: string }) => email);
    await erase("Keep it");
    expect(await addresses()).toHaveLength(2);
    await erase("Erase");
    await page.getByRole("heading", { name: "Readers of The letter", level: 1 }).waitFor();
    await expect.poll(addresses).toEqual(["reader-2@example.com"]);
    await expect.poll(() => page.getByRole("rowheader").allInnerTexts()).toEqual(["reader-2@example.com"]);
  });

  test("the links to other pages keep the filter and lead back", async () => {
    const { call } = pages.house;
    const { id } = await call("POST", "/api/lists", { name: "Many" });
    const people = Array.from({ length: 60 }, (_, n) => ({ email: `one-${n}@example.com` }));
    await call("POST", `/api/lists/${id}/subscribers`, [...people, { email: "other@example.com" }]);
    const page = await pages.open(`/lists/${id}?search=one-`);
    const links = page.getByRole("navigation", { name: "Pages of subscribers" }).getByRole("link");
    const rowCount = () => page.getByRole("rowheader").count();
    await expect.poll(rowCount).toBe(50);
    expect(await links.allInnerTexts()).toEqual(["Next"]);
    await enter(links.first());
    await expect.poll(rowCount).toBe(10);
    expect(await links.allInnerTexts()).toEqual(["First"]);
    await enter(links.first());
    await expect.poll(rowCount).toBe(50);
    expect(page.url()).toMatch(new RegExp(`#/lists/${id}\\?search=one-$`));
  });
});
