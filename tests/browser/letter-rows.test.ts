import { expect, test } from "vitest";
import { audit } from "./support/axe.ts";
import { enter } from "./support/keyboard.ts";
import { browse, withChromium } from "./support/pages.ts";

withChromium("rows of dead letters", () => {
  const pages = browse();

  test("j and k go through the rows, x and Shift+X select a range, and one action handles the selected ones", async () => {
    await pages.house.sql.query(
      `insert into dead_letter_queue (event_name, event_data, event_id, run_id, function_id, fingerprint, error_code,
         error_message, failed_at, alerted_at)
       select 'monitoring/canary', '{}', 'e' || n, 'r' || n, 'row-' || n, 'f' || n, 'internal', 'No ' || n,
         now() - n * interval '1 minute', now()
       from generate_series(1, 6) as n`,
    );
    const page = await pages.open("/dead-letters");
    await page.getByRole("article", { name: "row-6" }).waitFor();
    const box = await page.getByRole("article", { name: "row-6" }).boundingBox();
    expect(box?.height).toBeLessThanOrEqual(41);
    const focused = () => page.evaluate(() => document.activeElement?.textContent);
    await page.keyboard.press("j");
    expect(await focused()).toBe("row-1");
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    for (const key of ["j", "j", "j", "k"]) await page.keyboard.press(key);
    expect(await focused()).toBe("row-4");
    await page.keyboard.press("Shift+X");
    const bar = page.getByRole("region", { name: "Selected dead letters" });
    await bar.getByText("3 selected").waitFor();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect((await audit(page)).violations).toEqual([]);
    }
    await page.getByRole("checkbox", { name: "Select: row-6" }).click({ modifiers: ["Shift"] });
    await bar.getByText("5 selected").waitFor();
    await page.getByRole("checkbox", { name: "Select: row-6" }).click();
    await bar.getByText("4 selected").waitFor();
    await enter(bar.getByRole("button", { name: "Ignore selected" }));
    const dialog = page.getByRole("dialog", { name: "Ignore 4 dead letters?" });
    await dialog.getByRole("textbox").fill("known");
    await enter(dialog.getByRole("button", { name: "Ignore" }));
    await bar.waitFor({ state: "detached" });
    const { rows } = await pages.house.sql.query(
      "select function_id from dead_letter_queue where status = 'ignored' order by 1",
    );
    expect(rows.map((row) => row["function_id"])).toEqual(["row-2", "row-3", "row-4", "row-5"]);
  });
});
