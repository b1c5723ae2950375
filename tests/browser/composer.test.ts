import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { enter } from "./support/keyboard.ts";
import { faultsOf } from "./support/looks.ts";
import { browse, withChromium } from "./support/pages.ts";
import {
  draftCampaign,
  eventually,
  holdMails,
  letMailsGo,
  sendCampaign,
  smallPieces,
} from "./support/seeds.ts";
import { go, statusOf } from "./support/views.ts";

const mail = (page: Page) => page.frameLocator('iframe[title="The mail"]');
const ground = (page: Page) =>
  mail(page)
    .locator("html")
    .evaluate((root) => getComputedStyle(root).colorScheme);

withChromium("the composer", () => {
  const pages = browse(smallPieces);

  test("a draft is written with a live preview and merge fields, saved, and changed again", async () => {
    const { call } = pages.house;
    const { id: listId } = await call("POST", "/api/lists", { name: "Readers" });
    await call("POST", `/api/lists/${listId}/subscribers`, [
      { email: "ada@example.com", city: "<b>London</b>" },
    ]);

    const page = await pages.open("/campaigns");
    await enter(page.getByRole("link", { name: "New campaign" }));
    await page.getByRole("heading", { name: "New campaign", level: 1 }).waitFor();
    await page.getByRole("combobox", { name: "List" }).selectOption("Readers");
    await page.getByLabel("From").fill("Ada <ada@example.com>");
    await page.getByLabel("Subject").fill("News");
    await page
      .getByLabel("HTML", { exact: true })
      .and(page.locator("textarea"))
      .fill('<p style="color: rgb(1, 2, 3)">Hello from </p>');
    // The field goes to where the author wrote last, and the preview has the first subscriber's value, escaped.
    await page.locator("textarea.html").press("ArrowLeft");
    for (let n = 0; n < 3; n++) await page.keyboard.press("ArrowLeft");
    await page.getByLabel("Merge field").selectOption("city");
    await enter(page.getByRole("button", { name: "Insert" }));
    const paragraph = mail(page).locator("p");
    await expect.poll(() => paragraph.innerText()).toBe("Hello from <b>London</b>");
    expect(await paragraph.evaluate((one) => getComputedStyle(one).color)).toBe("rgb(1, 2, 3)");
    expect(await page.locator("textarea.html").evaluate((one) => one.matches(":focus"))).toBe(true);
    await enter(page.getByRole("button", { name: "Save draft" }));
    await page.getByRole("heading", { name: "News", level: 1 }).waitFor();

    const [{ id }] = (await call("GET", "/api/campaigns")).items;
    const stored = () => call("GET", `/api/campaigns/${id}`);
    expect(await stored()).toMatchObject({
      status: "draft",
      listId,
      html: '<p style="color: rgb(1, 2, 3)">Hello from {{city}}</p>',
      text: null,
    });
    await page.locator("textarea.html").fill("");
    await page.getByRole("textbox", { name: "Text" }).fill("Plain, {{email}}");
    await page.getByText("Not saved yet").waitFor();
    await page.getByText("Text", { exact: true }).and(page.locator(".segmented label")).click();
    await page.getByText("Plain, ada@example.com").waitFor();
    await enter(page.getByRole("button", { name: "Save draft" }));
    await page.getByText(/^Saved \d\d:\d\d$/).waitFor();
    expect(await stored()).toMatchObject({ html: null, text: "Plain, {{email}}" });
  });

  test("a draft saves itself; what was changed elsewhere meanwhile is not overwritten unasked", async () => {
    const { call, sql } = pages.house;
    const { id: listId } = await call("POST", "/api/lists", { name: "Writers" });
    const page = await pages.open("/campaigns/new", { expected: /status of 409/ });
    await page.getByRole("combobox", { name: "List" }).selectOption("Writers");
    await page.getByText("a draft needs a list, a sender, a subject and a text").waitFor();
    await page.getByLabel("From").fill("Ada <ada@example.com>");
    await page.locator("textarea.html").fill("<p>Hello</p>");
    await page.getByLabel("Subject").fill("Tuesday");
    const state = page.locator("main header").getByText(/^Saved \d\d:\d\d$/);
    await state.waitFor();
    const { rows } = await sql.query("select id from campaigns where list_id = $1", [listId]);
    expect(rows).toHaveLength(1);
    const path = `/api/campaigns/${rows[0]?.["id"]}`;
    expect(await call("GET", path)).toMatchObject({ subject: "Tuesday", html: "<p>Hello</p>" });

    const write = (subject: string) => page.getByLabel("Subject").fill(subject);
    await write("Wednesday");
    await expect.poll(async () => (await call("GET", path)).subject).toBe("Wednesday");
    await state.waitFor();

    await call("PATCH", path, { subject: "Theirs" });
    await write("Thursday");
    const note = page.getByText("Not saved: The draft was changed elsewhere");
    await note.waitFor();
    expect((await call("GET", path)).subject).toBe("Theirs");
    expect(await faultsOf(page, "conflict")).toEqual([]);
    await enter(page.getByRole("button", { name: "Load the other draft" }));
    await note.waitFor({ state: "detached" });
    await expect.poll(() => page.getByLabel("Subject").inputValue()).toBe("Theirs");

    await call("PATCH", path, { subject: "Theirs again" });
    await write("Friday");
    await note.waitFor();
    await enter(page.getByRole("button", { name: "Replace it with this one" }));
    await state.waitFor();
    expect((await call("GET", path)).subject).toBe("Friday");

    // Leaving saves what was written last.
    await write("Saturday");
    await go(page, "/campaigns");
    await expect.poll(async () => (await call("GET", path)).subject).toBe("Saturday");
    expect((await sql.query("select from campaigns where list_id = $1", [listId])).rows).toHaveLength(1);
  });

  test("a draft that the API refuses says why it is not saved", async () => {
    const id = await draftCampaign(pages.house, { name: "The wrong mail", people: 1 });
    const page = await pages.open(`/campaigns/${id}`, { expected: /status of 400/ });
    await page.locator("textarea.html").fill("<p>{% if name %}</p>");
    await page.getByText(/^Not saved: .*line 1/).waitFor();
    await page.locator("textarea.html").fill("<p>{{name}}</p>");
    await page.getByText(/^Saved \d\d:\d\d$/).waitFor();
    expect((await pages.house.call("GET", `/api/campaigns/${id}`)).html).toBe("<p>{{name}}</p>");
  });

  test("the mail is shown in light, dark and on a phone, and none of its scripts or links works", async () => {
    const id = await draftCampaign(pages.house, { name: "The looks", people: 3 });
    const page = await pages.open(`/campaigns/${id}`, { expected: /sandboxed|Content Security Policy/ });
    await page.locator("textarea.html").fill(
      `<style>p { font-size: 31px }</style><p>Hello</p><a href="https://example.com/">Leave</a>
       <img src="data:," onerror="parent.document.title = 'hit'" alt=""><script>parent.document.title = "hit"</script>`,
    );
    const paragraph = mail(page).locator("p");
    await expect.poll(() => paragraph.evaluate((one) => getComputedStyle(one).fontSize)).toBe("31px");
    await mail(page).getByRole("link", { name: "Leave" }).click();
    expect(await paragraph.innerText()).toBe("Hello");
    expect(await page.title()).toBe("The looks · Nightshift");

    const look = (name: string) => page.getByRole("radio", { name }).check({ force: true });
    expect(await ground(page)).toBe("light");
    await look("Dark");
    await expect.poll(() => ground(page)).toBe("dark");
    await look("Phone");
    await expect.poll(() => page.locator("iframe").evaluate((one) => one.clientWidth)).toBe(375);
  });

  test("a preview shows recipients, warnings and samples; a test mail arrives; sending names list and number", async () => {
    const { call } = pages.house;
    const id = await draftCampaign(pages.house, { name: "The spring letter", people: 12 });
    const { listId } = await call("GET", `/api/campaigns/${id}`);
    const [first] = (await call("GET", `/api/lists/${listId}/subscribers`)).items;
    await call("PATCH", `/api/lists/${listId}/subscribers/${first.id}`, { status: "unsubscribed" });

    const page = await pages.open(`/campaigns/${id}`, { expected: /status of 409/ });
    await page.locator("textarea.html").fill("<p>Dear {{name}}, {{town}}</p><img src='data:,'>");
    await enter(page.getByRole("button", { name: "Preview", exact: true }));
    const card = page.getByRole("region", { name: "Before sending" });
    await card.getByText("example.com 11").waitFor();
    await card.getByText("1 unsubscribed").waitFor();
    await card.getByText("No recipient has a value for {{town}}").waitFor();
    await card.getByText("has no alt text").waitFor();
    const [, , third] = (await call("GET", `/api/lists/${listId}/subscribers?status=active`)).items;
    await page.getByLabel("Shown mail").selectOption(third.email);
    await expect.poll(() => mail(page).locator("p").first().innerText()).toBe(`Dear ${third.fields.name},`);
    await mail(page).getByText("Unsubscribe").waitFor();
    expect(await faultsOf(page, "composer")).toEqual([]);

    await page.getByLabel("Test mail to").fill("me@example.com");
    await enter(page.getByRole("button", { name: "Send test" }));
    await page.getByText("Test mail to me@example.com is queued").waitFor();
    await eventually("the test mail is sent", async () => {
      const { rows } = await pages.house.sql.query(
        "select recipient from mails where message_id is not null",
      );
      return rows.map(({ recipient }) => recipient).join() === "me@example.com";
    });

    const question = page.getByRole("dialog", { name: "Send “The spring letter” to 11 recipients?" });
    const send = async (answer: string) => {
      await enter(card.getByRole("button", { name: "Send" }));
      await question.getByText("of the list “Readers of The spring letter”").waitFor();
      await enter(question.getByRole("button", { name: answer }));
      await question.waitFor({ state: "detached" });
    };
    // What changed since the preview is not sent.
    await call("POST", `/api/lists/${listId}/subscribers`, [{ email: "late@example.com" }]);
    await send("Send to 11");
    await page.getByText("The campaign or its list changed since the preview").waitFor();
    await card.waitFor({ state: "detached" });
    expect((await call("GET", `/api/campaigns/${id}`)).status).toBe("draft");
    const [late] = (await call("GET", `/api/lists/${listId}/subscribers?search=late`)).items;
    await call("DELETE", `/api/lists/${listId}/subscribers/${late.id}`);
    await enter(page.getByRole("button", { name: "Preview", exact: true }));
    // A change in the editor takes the preview away.
    await card.waitFor();
    await page.getByLabel("Subject").fill("What is really new");
    await card.waitFor({ state: "detached" });
    await enter(page.getByRole("button", { name: "Preview", exact: true }));
    await send("Not yet");
    expect((await call("GET", `/api/campaigns/${id}`)).status).toBe("draft");
    await send("Send to 11");
    await page.getByText("completed", { exact: true }).waitFor();
    expect(await call("GET", `/api/campaigns/${id}`)).toMatchObject({
      subject: "What is really new",
      counts: { sent: 11, recipients: 11 },
    });
  });

  test("a campaign is paused and resumed by keyboard, and canceled after a question", async () => {
    const { call } = pages.house;
    await holdMails(pages.house);
    const { id } = await sendCampaign(pages.house, { name: "The long letter", people: 40 });
    const page = await pages.open(`/campaigns/${id}`);
    const badge = statusOf(page);
    await enter(page.getByRole("button", { name: "Pause" }));
    await expect.poll(() => badge.innerText()).toBe("paused");
    await page.getByText("Paused", { exact: true }).waitFor();
    expect((await call("GET", `/api/campaigns/${id}`)).status).toBe("paused");
    expect(await faultsOf(page, "paused")).toEqual([]);
    await letMailsGo(pages.house);
    await enter(page.getByRole("button", { name: "Resume" }));
    await expect.poll(() => badge.innerText()).toBe("completed");
    expect(await call("GET", `/api/campaigns/${id}`)).toMatchObject({ counts: { sent: 40 } });
    await page.getByRole("button", { name: "Cancel" }).waitFor({ state: "detached" });

    await holdMails(pages.house);
    const other = await sendCampaign(pages.house, { name: "The wrong letter", people: 40 });
    await go(page, `/campaigns/${other.id}`);
    await enter(page.getByRole("button", { name: "Cancel" }));
    const question = page.getByRole("dialog", { name: "Cancel “The wrong letter”?" });
    await enter(question.getByRole("button", { name: "Cancel campaign" }));
    await expect.poll(() => badge.innerText()).toBe("canceled");
    await letMailsGo(pages.house);
  });

  test("a campaign is scheduled on the page, which shows when it begins", async () => {
    const id = await draftCampaign(pages.house, { name: "The winter letter", people: 2 });
    // Where clocks go back, a local time of that hour means two times. This zone is not UTC, and its clocks never change.
    const page = await pages.open(`/campaigns/${id}`, { timezoneId: "Asia/Kolkata" });
    await enter(page.getByRole("button", { name: "Preview", exact: true }));
    const local = (time: Date) =>
      page.evaluate((ms) => {
        const zone = new Date(ms).getTimezoneOffset() * 60_000;
        return new Date(ms - zone).toISOString().slice(0, 16);
      }, time.getTime());
    // Neither a time that is over nor a slip in the year sends now.
    for (const wrong of [await local(new Date(Date.now() - 86_400_000)), "20261-12-24T09:00"]) {
      await page.getByLabel("Send at").fill(wrong);
      await enter(page.getByRole("button", { name: "Send", exact: true }));
      const refusal = page.getByText("The time in “Send at” is not in the future");
      await refusal.waitFor();
      await page.getByRole("button", { name: /^Close: The time/ }).click();
      await refusal.waitFor({ state: "detached" });
      expect(await page.getByRole("dialog").count()).toBe(0);
    }
    expect((await pages.house.call("GET", `/api/campaigns/${id}`)).status).toBe("draft");

    const tomorrow = new Date(Date.now() + 86_400_000);
    await page.getByLabel("Send at").fill(await local(tomorrow));
    await enter(page.getByRole("button", { name: "Send", exact: true }));
    await enter(page.getByRole("dialog").getByRole("button", { name: "Send to 2" }));
    await page.getByText("Begins", { exact: true }).waitFor();
    const { status, sendAt } = await pages.house.call("GET", `/api/campaigns/${id}`);
    expect(status).toBe("queued");
    expect(sendAt.slice(0, 16)).toBe(tomorrow.toISOString().slice(0, 16));
    expect(await faultsOf(page, "scheduled")).toEqual([]);

    await page.goto(`${pages.house.url}/#/campaigns`);
    const card = page.getByRole("article", { name: "The winter letter" });
    await card.getByText(/^Begins .+ \(in (1 day|\d+ hours)\)$/).waitFor();
    expect(await card.getByRole("progressbar").count()).toBe(0);
  });
});
