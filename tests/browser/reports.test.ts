import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { audit } from "./support/axe.ts";
import { enter } from "./support/keyboard.ts";
import { browse, withChromium } from "./support/pages.ts";

withChromium("reports and notifications", () => {
  const pages = browse();

  test("S4-7: a report is generated, announced by a notification, shown and downloaded", async () => {
    // The download leads to Storage, which is another host.
    const page = await pages.open("/reports", { expected: /\/storage\/v1\/object\/sign\/reports\// });
    await page.getByText("No report yet").waitFor();
    await page.getByRole("combobox", { name: /^Report/ }).selectOption("users");
    // Paused, the report is still being made when the page shows it, however slow the page is.
    const path = "/api/functions/generate-report";
    await pages.house.call("POST", `${path}/pause`);
    await page.getByRole("button", { name: "Generate report" }).click();
    await page.getByRole("status").filter({ hasText: "Generating…" }).first().waitFor();
    await pages.house.call("POST", `${path}/resume`);
    await page.getByRole("button", { name: "Notifications: 1 unread" }).click();

    const list = page.getByRole("dialog", { name: "Notifications" });
    await list.getByRole("link", { name: "A report is ready" }).click();
    await page.getByRole("heading", { name: /^Users, \d{4}-/, level: 1 }).waitFor();
    await page.getByRole("button", { name: "Notifications", exact: true }).waitFor();
    expect((await pages.house.call("GET", "/api/notifications?unread=true")).items).toEqual([]);

    if (await page.evaluate(() => navigator.pdfViewerEnabled)) {
      const frame = page.locator("iframe");
      await expect.poll(() => frame.getAttribute("src")).toMatch(/^blob:/);
    } else await page.getByText("This browser shows no PDF").waitFor();

    const downloading = page.waitForEvent("download");
    await page.getByRole("button", { name: /^Download/ }).click();
    const downloaded = await downloading;
    expect(downloaded.suggestedFilename()).toMatch(/^users-\d{4}-\d\d-\d\d\.pdf$/);
    const file = readFileSync(await downloaded.path());
    expect(file.subarray(0, 5).toString()).toBe("%PDF-");

    // What the page shows is what is downloaded.
    const shown = await fetch(`${pages.house.url}/api/reports/${page.url().split("/").at(-1)}/preview`, {
      headers: { authorization: `Bearer ${pages.house.keys.admin}` },
    });
    expect(Buffer.from(await shown.arrayBuffer()).equals(file)).toBe(true);
    expect(shown.headers.get("content-type")).toBe("application/pdf");
  });

  test("a revoked report is shown as revoked, without a download", async () => {
    const { jobId } = await pages.house.call("POST", "/api/reports", {
      reportType: "content",
      format: "csv",
      dateRange: { start: "2026-11-01", end: "2026-11-02" },
    });
    const page = await pages.open(`/reports/${jobId}`);
    await page.getByText("A CSV has no preview.").waitFor();
    await page.getByRole("button", { name: /^Revoke/ }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await page.getByText("Revoked: its file is removed.").waitFor();
    expect(await page.getByRole("button", { name: /^Download/ }).count()).toBe(0);
  });

  test("a range that ends before it starts is refused with the reason", async () => {
    const page = await pages.open("/reports", { expected: /status of 400/ });
    await page.getByLabel("First day").fill("2026-01-02");
    await page.getByLabel("Last day").fill("2026-01-01");
    await page.getByRole("button", { name: "Generate report" }).click();
    await page.getByText("dateRange ends before it starts").waitFor();
  });

  test("notifications can be marked as read one by one or all at once, by keyboard, and their list is accessible", async () => {
    const { sql } = pages.house;
    await sql.query("delete from notifications");
    const page = await pages.open("/overview", { expected: /net::ERR_/ });
    await page.getByRole("button", { name: "Notifications", exact: true }).waitFor();
    for (const n of [1, 2, 3])
      await sql.query("select notify('operator', 'IMAGE_READY', '{}', $1, now())", [`k${n}`]);
    await enter(page.getByRole("button", { name: "Notifications: 3 unread" }));
    const list = page.getByRole("dialog", { name: "Notifications" });
    const each = list.getByRole("button", { name: "Mark as read: A picture is ready" });
    await expect.poll(() => each.count()).toBe(3);
    expect((await audit(page)).violations).toEqual([]);
    // A failure is told in the dialog, because a modal dialog covers the page's messages.
    await page.route("**/read", (route) => route.abort(), { times: 1 });
    await enter(each.first());
    await list.getByRole("alert").waitFor();
    await enter(each.first());
    await expect.poll(() => each.count()).toBe(2);
    expect(await list.getByRole("alert").count()).toBe(0);
    const asked: string[] = [];
    page.on("request", (request) => {
      if (request.method() === "POST") asked.push(new URL(request.url()).pathname);
    });
    await list.getByRole("button", { name: "Mark all as read" }).click();
    await expect.poll(() => each.count()).toBe(0);
    expect(asked).toEqual(["/api/notifications/read"]);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Notifications", exact: true }).waitFor();
  });
});
