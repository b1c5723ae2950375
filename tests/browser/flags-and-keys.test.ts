import { expect, test } from "vitest";
import { audit } from "./support/axe.ts";
import { enter } from "./support/keyboard.ts";
import { browse, withChromium } from "./support/pages.ts";
import { go } from "./support/views.ts";

withChromium("flags and API keys", () => {
  const pages = browse();
  const inBoth = async (page: Awaited<ReturnType<typeof pages.open>>) => {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect((await audit(page)).violations).toEqual([]);
    }
  };

  test("a flag shows both ways and the advice, and turning back is one click", async () => {
    const { house } = pages;
    await house.sql.query("delete from flags");
    const empty = await pages.open("/flags");
    await empty.getByText("No flag", { exact: true }).waitFor();
    await house.call("PUT", "/api/flags/async_newsletter", { percentage: 25, allowed: ["ann"] });
    const page = await pages.open("/flags");
    const card = page.getByRole("region", { name: /^async_newsletter on/ });
    await card.getByText("25 % of the work takes the new way, and 1 always do.").waitFor();
    const fresh = card.getByRole("row").filter({ hasText: "New: by the queue" });
    await fresh.getByRole("cell").first().waitFor();
    await card.getByText("0 of 20 have ended by the queue").waitFor();
    await inBoth(page);

    await enter(card.getByRole("button", { name: "Turn back: async_newsletter" }));
    await page.getByText("now all of it takes the old way").waitFor();
    expect((await house.call("GET", "/api/flags/async_newsletter")).isOn).toBe(false);
    await enter(page.getByRole("button", { name: "Turn on: async_newsletter" }));
    await page.getByRole("button", { name: "Turn back: async_newsletter" }).waitFor();
    expect(await house.call("GET", "/api/flags/async_newsletter")).toMatchObject({
      isOn: true,
      percentage: 25,
    });
  });

  test("the advice to go on is a button that raises the percentage", async () => {
    const { house } = pages;
    await house.call("PUT", "/api/flags/async_newsletter", { percentage: 10 });
    await house.sql.query(
      `with done as (
         select (private.insert_job(jsonb_build_object('functionId', 'walk', 'event', 'test/walk', 'requester', 'x'),
           now())).id as id from generate_series(1, 20)),
       decided as (
         insert into flag_decisions (environment, flag, subject, key, way, reason, job_id, decided_at)
         select (select environment from flags limit 1), 'async_newsletter', id::text, id::text, 'queue', 'percentage', id, now() from done)
       select 1`,
    );
    await house.sql.query(
      "update jobs set status = 'completed', ended_at = now(), sent_at = now() where function_id = 'walk'",
    );
    const page = await pages.open("/flags");
    await enter(page.getByRole("button", { name: "Go on with 25 %" }));
    await page.getByText("25 % of the work").waitFor();
    expect((await house.call("GET", "/api/flags/async_newsletter")).percentage).toBe(25);
  });

  test("a key is made, shown once, used and revoked", async () => {
    const page = await pages.open("/api-keys");
    await page.getByLabel("Name").fill("The shop");
    await page.getByRole("textbox", { name: "Owner" }).fill("shop");
    await enter(page.getByRole("button", { name: "Make key" }));
    const dialog = page.getByRole("dialog", { name: "The new API key" });
    const key = await dialog.locator("code").innerText();
    const status = async () =>
      (await fetch(`${pages.house.url}/api/jobs`, { headers: { authorization: `Bearer ${key}` } })).status;
    expect(await status()).toBe(200);
    await inBoth(page);
    await enter(dialog.getByRole("button"));
    await dialog.waitFor({ state: "detached" });
    expect(await page.content()).not.toContain(key);
    const row = page.getByRole("row").filter({ hasText: "The shop" });
    await row.getByText("shop", { exact: true }).waitFor();
    await page.reload();
    // It never expires, and it was used.
    await expect.poll(() => row.getByText("never").count()).toBe(1);
    await inBoth(page);

    await enter(page.getByRole("button", { name: "Revoke: The shop" }));
    await enter(page.getByRole("dialog").getByRole("button", { name: "Revoke key" }));
    await row.getByText("revoked").waitFor();
    expect(await status()).toBe(401);
  });

  test("a key that has expired is shown as expired, and cannot be revoked", async () => {
    await pages.house.sql.query(
      "select create_api_key('The old shop', 'app', 'shop', now() - interval '1 hour', now() - interval '1 day')",
    );
    const page = await pages.open("/api-keys");
    const row = page.getByRole("row").filter({ hasText: "The old shop" });
    await row.getByText("expired", { exact: true }).waitFor();
    await row.getByText("1 hour ago").waitFor();
    expect(await row.getByRole("button").count()).toBe(0);
  });

  test("only administrators see flags and keys", async () => {
    const page = await pages.open("/flags", { as: "app", expected: /403/ });
    await page.getByText("This page is for administrators").waitFor();
    await go(page, "/api-keys");
    await page.getByRole("heading", { name: "API keys", level: 1 }).waitFor();
    await page.getByText("This page is for administrators").waitFor();
  });
});
