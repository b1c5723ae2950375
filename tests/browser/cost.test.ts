import { expect, test } from "vitest";
import { audit } from "./support/axe.ts";
import { browse, withChromium } from "./support/pages.ts";

withChromium("the cost of the month", () => {
  const pages = browse();

  test("stands on the overview: what the month has used so far", async () => {
    // The next month has the same row, because the month may end before the page is read.
    await pages.house.sql.query(
      `insert into private.usage_by_day
       select month, 'send-mail', 1200, 1200, 0, 0, 0, 0, 1200
       from date_trunc('month', now() at time zone 'UTC') as present,
         unnest(array[present, present + interval '1 month']) as month`,
    );
    const page = await pages.open("/");
    const card = page
      .locator("section, article")
      .filter({ hasText: /Cost of 20\d\d-\d\d/ })
      .last();
    await card.getByText("Executions", { exact: true }).waitFor();
    await expect.poll(() => card.innerText()).toMatch(/3,600|3\.6K/i);
    expect(await card.innerText()).toMatch(/1,200|1\.2K/i);
    expect((await audit(page)).violations).toEqual([]);
  });
});
