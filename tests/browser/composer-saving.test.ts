import type { Page, Route } from "playwright-core";
import { expect, test } from "vitest";
import { browse, withChromium } from "./support/pages.ts";
import { draftCampaign, smallPieces } from "./support/seeds.ts";
import { go } from "./support/views.ts";

const write = (page: Page, subject: string) => page.getByLabel("Subject").fill(subject);
const isSaved = (page: Page) => page.getByText(/^Saved \d\d:\d\d$/).waitFor();
const leave = (page: Page) => go(page, "/campaigns");

/** Holds the next request of this method that writes a campaign. */
async function hold(page: Page, method: "POST" | "PATCH"): Promise<() => Promise<Route>> {
  const held: Route[] = [];
  await page.route(/\/api\/campaigns(\/[\w-]+)?$/, (route) => {
    if (held.length > 0 || route.request().method() !== method) return route.fallback();
    held.push(route);
    return undefined;
  });
  return async () => {
    await expect.poll(() => held.length).toBe(1);
    return held[0] as Route;
  };
}

/** The API carries the request out, and its answer is lost. */
async function loseAnswer(route: Route): Promise<void> {
  expect((await route.fetch()).ok()).toBe(true);
  await route.abort();
}

withChromium("saving a draft", () => {
  const pages = browse(smallPieces);
  /** A list with one subscriber. It is made before the page is opened, which reads the lists only at intervals. */
  const makeList = async (name: string) => {
    const { call, sql } = pages.house;
    const { id } = await call("POST", "/api/lists", { name });
    await call("POST", `/api/lists/${id}/subscribers`, [{ email: "grace@example.com" }]);
    const found = "select id, subject, version from campaigns where list_id = $1";
    return { name, campaigns: async () => (await sql.query(found, [id])).rows };
  };
  const fillIn = async (page: Page, list: string, subject: string, from = "Ada <ada@example.com>") => {
    await page.getByRole("combobox", { name: "List" }).selectOption(list);
    await page.getByLabel("From").fill(from);
    await page.locator("textarea.html").fill("<p>Hello</p>");
    await write(page, subject);
  };
  const stored = async (id: string) => (await pages.house.call("GET", `/api/campaigns/${id}`)).subject;

  test("after a lost answer, the next change is saved without a conflict", async () => {
    const id = await draftCampaign(pages.house, { name: "Lost answer", people: 1 });
    const page = await pages.open(`/campaigns/${id}`, { expected: /net::ERR_/ });
    const held = await hold(page, "PATCH");
    // The API stores this name in quotes.
    await page.getByLabel("From").fill("Acme, Inc. <ada@example.com>");
    await write(page, "One");
    await loseAnswer(await held());
    await page.getByText("Not saved: The server cannot be reached").waitFor();
    await write(page, "Two");
    await isSaved(page);
    expect(await stored(id)).toBe("Two");
  });

  test("after a lost request that changed only the sender, the new sender is saved", async () => {
    const id = await draftCampaign(pages.house, { name: "Lost request", people: 1 });
    const page = await pages.open(`/campaigns/${id}`, { expected: /net::ERR_/ });
    const held = await hold(page, "PATCH");
    await page.getByLabel("From").fill("Grace <grace@example.com>");
    await (await held()).abort();
    await page.getByText("Not saved: The server cannot be reached").waitFor();
    await page.getByRole("button", { name: "Preview", exact: true }).click();
    await isSaved(page);
    const { from } = await pages.house.call("GET", `/api/campaigns/${id}`);
    expect(from).toBe("Grace <grace@example.com>");
  });

  test("a first save that was answered too late is repeated with what was written since, and makes one campaign", async () => {
    const { name, campaigns } = await makeList("Once");
    const page = await pages.open("/campaigns/new", { expected: /status of 503|sandboxed/ });
    const held = await hold(page, "POST");
    await fillIn(page, name, "First");
    const late = await held();
    expect((await late.fetch()).ok()).toBe(true);
    await late.fulfill({ status: 503, contentType: "application/problem+json", body: "{}" });
    await page.getByText("Not saved: The server answered 503").waitFor();
    await write(page, "Second");
    await isSaved(page);
    expect(await campaigns()).toEqual([{ id: expect.any(String), subject: "Second", version: 2 }]);

    // The address is now the campaign's, so that a reload shows it.
    await page.reload();
    await expect.poll(() => page.getByLabel("Subject").inputValue()).toBe("Second");
  });

  test("what is written while a new draft is saved stays, with the focus, and the draft is sent from there", async () => {
    const { name, campaigns } = await makeList("Typing on");
    const page = await pages.open("/campaigns/new", { expected: /sandboxed/ });
    await fillIn(page, name, "News of ");
    const held = await hold(page, "POST");
    await page.getByLabel("Subject").press("Enter");
    const route = await held();
    await page.keyboard.type("2026");
    await route.continue();
    await expect.poll(() => page.url()).toMatch(/#\/campaigns\/[\w-]{36}$/);
    await page.keyboard.type("!");
    await isSaved(page);
    expect(await page.getByLabel("Subject").inputValue()).toBe("News of 2026!");
    const [campaign] = await campaigns();
    expect(campaign?.["subject"]).toBe("News of 2026!");
    expect(page.url()).toContain(`#/campaigns/${campaign?.["id"]}`);

    await page.getByRole("button", { name: "Preview", exact: true }).click();
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Send to 1" }).click();
    await page.getByText("completed", { exact: true }).waitFor();
  });

  test("a complete new draft that could not be saved is there again after a visit to another view, and makes one campaign", async () => {
    const { name, campaigns } = await makeList("Kept");
    const page = await pages.open("/campaigns/new", { expected: /net::ERR_|status of 400|sandboxed/ });
    const held = await hold(page, "POST");
    await fillIn(page, name, "Kept words", "Ada");
    await (await held()).abort();
    await page.getByText("Not saved: The server cannot be reached").waitFor();
    // The repetition is refused because of its sender, so the corrected draft is sent. Its answers are lost.
    const isCorrected = (route: Route) => route.request().postData()?.includes("<ada@") === true;
    const path = "**/api/campaigns";
    await page.route(path, (route) => (isCorrected(route) ? loseAnswer(route) : route.fallback()));
    await page.getByLabel("From", { exact: true }).fill("Ada <ada@example.com>");
    await expect.poll(async () => (await campaigns()).length).toBe(1);
    await go(page, "/jobs");
    await page.getByText("The draft waits in this tab, not saved: The server cannot").waitFor();
    await page.unroute(path);
    await go(page, "/campaigns/new");
    await expect.poll(() => page.getByLabel("Subject").inputValue()).toBe("Kept words");
    await write(page, "Kept words, and more");
    await isSaved(page);
    expect(await campaigns()).toEqual([expect.objectContaining({ subject: "Kept words, and more" })]);
  });

  test("a new draft that is not complete is there again after a visit to another view", async () => {
    const page = await pages.open("/campaigns/new", { expected: /sandboxed/ });
    await write(page, "Half a mail");
    await go(page, "/jobs");
    await page.getByText("The draft waits in this tab, not saved: a draft needs a list").waitFor();
    await go(page, "/campaigns/new");
    await expect.poll(() => page.getByLabel("Subject").inputValue()).toBe("Half a mail");
  });

  test("leaving during a conflict says that the draft was not saved", async () => {
    const id = await draftCampaign(pages.house, { name: "Conflict", people: 1 });
    const page = await pages.open(`/campaigns/${id}`, { expected: /status of 409/ });
    await page.getByLabel("Subject").waitFor();
    await pages.house.call("PATCH", `/api/campaigns/${id}`, { subject: "Theirs" });
    await write(page, "Mine");
    await page.getByText("Not saved: The draft was changed elsewhere").waitFor();
    await leave(page);
    await page.getByText("The draft was not saved: The draft was changed elsewhere").waitFor();
    expect(await stored(id)).toBe("Theirs");
  });

  test("a change that is taken back during its save is taken back in the API, too", async () => {
    const id = await draftCampaign(pages.house, { name: "Taken back", people: 1 });
    const page = await pages.open(`/campaigns/${id}`);
    const held = await hold(page, "PATCH");
    const before = await page.getByLabel("Subject").inputValue();
    await write(page, "Other");
    const route = await held();
    await write(page, before);
    await leave(page);
    await page.getByRole("heading", { name: "Campaigns", level: 1 }).waitFor();
    await route.continue();
    const version = async () => (await pages.house.call("GET", `/api/campaigns/${id}`)).version;
    await expect.poll(version).toBe(3);
    expect(await stored(id)).toBe(before);
  });

  test("forgetting the key saves nothing, and an old key's refusal does not remove the new key", async () => {
    const id = await draftCampaign(pages.house, { name: "Two keys", people: 1 });
    const { admin, app } = pages.house.keys;
    // The campaign belongs to the administrator, so the app's key does not find it.
    const page = await pages.open(`/campaigns/${id}`, {
      expected: /status of 40[14]|sandboxed/,
      movesClock: true,
    });
    const forget = () => page.getByRole("button", { name: "Forget key" }).click();
    const enter = async (key: string) => {
      await page.getByLabel("API key").fill(key);
      await page.getByLabel("API key").press("Enter");
      await page.getByRole("navigation", { name: "Pages" }).waitFor();
    };
    const written: string[] = [];
    page.on("request", (request) => void (request.method() === "PATCH" && written.push(request.url())));
    // The clock stands still, so that the draft does not save itself before the key is forgotten.
    await page.getByLabel("Subject").waitFor();
    await page.clock.pauseAt(Date.now() + 60_000);
    await write(page, "Without a key");
    await forget();
    await page.clock.runFor(20_000);
    await page.clock.resume();
    await enter(admin);
    await expect.poll(() => page.getByLabel("Subject").inputValue()).toBe("What is new");
    expect(written).toEqual([]);

    const held = await hold(page, "PATCH");
    await write(page, "With the old key");
    const route = await held();
    await forget();
    await enter(app);
    const answer = page.waitForResponse((response) => response.request().method() === "PATCH");
    await route.fulfill({ status: 401, contentType: "application/problem+json", body: "{}" });
    await answer;
    await page.evaluate(async () => void (await fetch("/")));
    expect(await page.evaluate(() => sessionStorage.getItem("nightshift-key"))).toBe(app);
  });
});
