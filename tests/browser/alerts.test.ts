import { expect, test } from "vitest";
import { audit } from "./support/axe.ts";
import { enter } from "./support/keyboard.ts";
import { browse, withChromium } from "./support/pages.ts";

withChromium("alerts", () => {
  const pages = browse();
  const raise = (rule: string, status: string, subject = "") =>
    pages.house.sql.query(
      `insert into alerts (rule, subject, severity, status, value, threshold, query, offenders, opened_at, seen_at,
         acknowledged_at, acknowledged_by, resolved_at)
       values ($1, $2, 'error', $3, 1200, 1000, 'select id from public.jobs', '[{"id": "7c9e6679-7425-40de-944b-e07fc1f90ae7", "kind": "report"}]',
         now(), now(), case when $3 = 'acknowledged' then now() end, case when $3 = 'acknowledged' then 'key:one' end,
         case when $3 = 'resolved' then now() end)`,
      [rule, subject, status],
    );

  test("open alerts are counted in the navigation, read and acknowledged by keyboard", async () => {
    const page = await pages.open("/alerts");
    await page.getByText("No open alerts").waitFor();
    expect((await audit(page)).violations).toEqual([]);
    await raise("queue-depth", "open");
    await raise("oldest-waiting", "open", "P2");
    await raise("canary", "resolved");
    await page.reload();
    await page.getByRole("link", { name: "Alerts 2 open" }).waitFor();
    const card = page.getByRole("article", { name: "queue-depth" });
    await card
      .getByRole("heading", { name: "Many jobs wait: 1,200 jobs, the limit is 1,000 jobs" })
      .waitFor();
    const rows = card.getByRole("list", { name: "First rows behind it" }).getByRole("listitem");
    expect(await rows.allInnerTexts()).toEqual(["id 7c9e6679-7425-40de-944b-e07fc1f90ae7\nkind report"]);
    await card.getByText("docs/runbooks/queue-depth.md").waitFor();
    await page.getByRole("article", { name: "oldest-waiting P2" }).waitFor();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect((await audit(page)).violations).toEqual([]);
    }

    await enter(card.getByRole("button", { name: "Acknowledge: queue-depth" }));
    await card.waitFor({ state: "detached" });
    await page.getByRole("radio", { name: "Open" }).focus();
    await page.keyboard.press("ArrowRight");
    await page.getByText(/^Acknowledged by key:/).waitFor();
    await page.keyboard.press("ArrowRight");
    await page.getByRole("article", { name: "canary" }).waitFor();
    expect(
      (await pages.house.sql.query("select status from alerts where rule = 'queue-depth'")).rows,
    ).toEqual([{ status: "acknowledged" }]);
  });

  test("only administrators see alerts", async () => {
    const page = await pages.open("/alerts", { as: "app", expected: /403/ });
    await page.getByText("This page is for administrators").waitFor();
  });
});
