import { expect, test } from "vitest";
import { audit } from "./support/axe.ts";
import { enter } from "./support/keyboard.ts";
import { desktop, phone } from "./support/looks.ts";
import { browse, withChromium } from "./support/pages.ts";

withChromium("schedules", () => {
  const pages = browse({ REPORT_TIME_ZONE: "Europe/Berlin" });

  test("a schedule is paused, resumed, run and looked into by keyboard alone", async () => {
    const page = await pages.open("/schedules");
    const row = page.getByRole("row", { name: /send-daily-report/ });
    await row.getByText(/^\d{4}-\d\d-\d\d 09:00 \+0[12]:00$/).waitFor();
    await row.getByText(/^in \d+ (second|minute|hour|day)s?$/).waitFor();
    await row.getByText("none yet").waitFor();
    expect((await audit(page)).violations).toEqual([]);

    await enter(row.getByRole("button", { name: "Pause: send-daily-report" }));
    await row.getByText("paused", { exact: true }).waitFor();
    await enter(row.getByRole("button", { name: "Resume: send-daily-report" }));
    await row.getByText(/09:00/).waitFor();

    await enter(row.getByRole("button", { name: "Run now: send-daily-report" }));
    await page.getByText("send-daily-report was started").waitFor();
    await row.getByText(/^started by /).waitFor();

    await enter(row.getByRole("link", { name: "send-daily-report" }));
    await page.getByRole("heading", { name: "send-daily-report", level: 1 }).waitFor();
    await expect.poll(() => page.getByText(/ 09:00 \+0[12]:00$/).count()).toBe(20);
    const slots = page.getByRole("region", { name: "Last slots" });
    await slots.getByText(/^started by /).waitFor();
    expect((await audit(page)).violations).toEqual([]);
    await enter(slots.getByRole("link").first());
    await page.getByText("send-daily-report", { exact: true }).first().waitFor();
    expect(page.url()).toMatch(/#\/jobs\//);
  });

  test("the page says why a schedule's last slot did not run, and who paused it", async () => {
    // The first request makes the schedules' rows.
    await pages.house.call("GET", "/api/schedules");
    await pages.house.sql.query(
      `insert into schedule_ticks (schedule, slot_at, slot, fate, reason, made_at)
       values ('cleanup-sessions', now(), '2026-11-28T02:00+00:00', 'skipped', 'overlap: the earlier job has not ended', now())`,
    );
    const page = await pages.open("/schedules");
    const row = page.getByRole("row", { name: /cleanup-sessions/ });
    const outcome = row.getByText("did not run").filter({ visible: true });
    await outcome.waitFor();
    await row.getByText("overlap: the earlier job has not ended").waitFor();
    await page.setViewportSize(phone);
    await outcome.waitFor();
    await page.setViewportSize(desktop);
    await page.goto(`${pages.house.url}/#/schedules/cleanup-sessions`);
    await page.getByText("overlap: the earlier job has not ended").waitFor();
    await page.getByRole("button", { name: "Pause: cleanup-sessions" }).click();
    await page.getByText(/^Paused by /).waitFor();
    expect((await audit(page)).violations).toEqual([]);
    await page.getByRole("button", { name: "Run now: cleanup-sessions" }).click();
    await page.getByText("cleanup-sessions runs with the next housekeeping").waitFor();
    await page.getByRole("button", { name: "Resume: cleanup-sessions" }).click();
    await page.getByText(/^Paused by /).waitFor({ state: "detached" });
  });
});
