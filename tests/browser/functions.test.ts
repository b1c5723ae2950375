import type { Route } from "playwright-core";
import { expect, test } from "vitest";
import { audit } from "./support/axe.ts";
import { enter } from "./support/keyboard.ts";
import { browse, withChromium } from "./support/pages.ts";
import { failedCampaign, smallPieces } from "./support/seeds.ts";
import { go } from "./support/views.ts";

withChromium("functions", () => {
  const pages = browse(smallPieces);

  test("a function's row leads to its page, where it is paused and resumed by keyboard, and its jobs wait meanwhile", async () => {
    await failedCampaign(pages.house);
    await pages.house.sql.query("update jobs set status = 'failed', ended_at = now(), error = $1", [
      { code: "provider_unauthorized", message: "The key was refused" },
    ]);
    const page = await pages.open("/functions");
    const row = page.getByRole("row").filter({ hasText: "send-email-campaign" });
    await row.getByText("Plans a campaign and sends it to its list, in parts").waitFor();
    await row.getByText("100 %").waitFor();
    const table = page.getByRole("region", { name: "Functions in the last hour and day" });
    expect(await table.evaluate((one) => one.scrollWidth - one.clientWidth)).toBe(0);
    await enter(row.getByRole("link"));
    await page.getByRole("cell", { name: "The refused letter" }).waitFor();
    await page.getByRole("figure", { name: /last 24 hours/ }).waitFor();

    // Until its own jobs are there, another function shows no jobs at all.
    const held: Route[] = [];
    await page.route(/\/jobs\/stream\?.*function=generate-image/, (route) => void held.push(route));
    await go(page, "/functions/generate-image");
    await page.getByText("Draws a picture from its prompt.").waitFor();
    await page.getByText("Loading the failures").waitFor({ state: "attached" });
    for (const route of held) await route.continue();
    await page.getByText("None of its jobs in the ledger has failed").waitFor();
    await enter(page.getByRole("button", { name: "Pause" }));
    await enter(page.getByRole("dialog").getByRole("button", { name: "Pause" }));
    await page.getByText(/^Paused by key:/).waitFor();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect((await audit(page)).violations).toEqual([]);
    }
    const { id } = await pages.house.call("POST", "/api/tasks", { prompt: "a patient hare" });
    const jobs = await pages.open("/jobs?kind=generate-image");
    const waiting = jobs.getByRole("row").filter({ hasText: "a patient hare" });
    await waiting.getByText("paused", { exact: true }).waitFor();
    await enter(page.getByRole("button", { name: "Resume" }));
    await waiting.getByText("completed", { exact: true }).waitFor();
    expect((await pages.house.call("GET", `/api/tasks/${id}`)).status).toBe("completed");
  });

  test("an event is sent by hand: its schema is shown, wrong data is refused, and the answer leads to the job", async () => {
    const page = await pages.open("/functions", {
      expected: /400|500|net::ERR_/,
      movesClock: true,
    });
    /** Answers the next such request. */
    const once = async (method: "GET" | "POST", answer: (route: Route) => Promise<void>) => {
      let isDone = false;
      await page.route("**/api/events", (route) => {
        if (isDone || route.request().method() !== method) return route.fallback();
        isDone = true;
        return answer(route);
      });
    };
    await once("GET", (route) => route.abort());
    await enter(page.getByRole("button", { name: "Send an event" }));
    const dialog = page.getByRole("dialog", { name: "Send an event" });
    await dialog.getByText("The server cannot be reached").waitFor();
    await enter(dialog.getByRole("button", { name: "Try again" }));
    await dialog.getByLabel("Event").selectOption("user/signup");
    await dialog.getByText("It starts on-user-signup and set-default-settings").waitFor();
    await dialog.getByText("Schema", { exact: true }).click();
    await dialog.getByRole("group", { name: "Schema of user/signup" }).waitFor();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect((await audit(page)).violations).toEqual([]);
    }
    const send = dialog.getByRole("button", { name: "Send", exact: true });
    await enter(send);
    const refusal = dialog.getByRole("alert");
    await refusal.getByText(/userId/).waitFor();
    await dialog.getByLabel("Data").fill('{"userId": "6d1c9f0e-8f4b-4c6e-9f33-0a4a4be0f2a1"}');
    // A later failure of the catalog takes nothing away.
    await once("GET", (route) => route.fulfill({ status: 500, body: "{}" }));
    const failed = page.waitForResponse((response) => response.status() === 500);
    await page.clock.fastForward(20_000);
    await failed;
    await page.evaluate(async () => void (await fetch("/")));
    // The answer to the first request is lost, and the same request again makes one job.
    await once("POST", async (route) => {
      await route.fetch();
      await route.abort();
    });
    await enter(send);
    await refusal.getByText("The request may have been carried out. Check before you try again.").waitFor();
    await enter(send);
    await dialog.waitFor({ state: "detached" });
    await enter(page.getByRole("link", { name: /Sent to on-user-signup and set-default-settings/ }));
    await page.getByRole("heading", { level: 1, name: "signup" }).waitFor();
    const { rows } = await pages.house.sql.query("select from jobs where function_id = 'on-user-signup'");
    expect(rows).toHaveLength(1);
  });

  test("only administrators see functions", async () => {
    const page = await pages.open("/functions", { as: "app", expected: /403/ });
    await page.getByText("This page is for administrators").waitFor();
  });
});
