import type { Page } from "playwright-core";
import { expect } from "vitest";
import { count, share } from "#dashboard/format.ts";
import type { Pages } from "./pages.ts";

/** The rows of a table, as the text under each of its headings. */
export const rowsOf = (page: Page, caption: string): Promise<Record<string, string>[]> =>
  page
    .getByRole("region", { name: caption, exact: true })
    .locator("table")
    .evaluate((table) => {
      const textOf = (cell: Element | undefined) =>
        cell instanceof HTMLElement ? cell.innerText.trim() : "";
      const heads = [...table.querySelectorAll("thead th")].map((head) => head.textContent ?? "");
      return [...table.querySelectorAll("tbody tr")].map((row) =>
        Object.fromEntries(heads.map((head, n) => [head, textOf(row.children[n])])),
      );
    });

/** The number of a tile. */
export const tileOf = (page: Page, name: string): Promise<string> =>
  page
    .locator("dl.stat")
    .filter({ has: page.locator("dt").getByText(name, { exact: true }) })
    .locator("dd")
    .first()
    .innerText();

/**
 * Compares what a page shows with what a statement returns. Both change while work is under way, so both are read again
 * until they agree.
 */
export function comparing(pages: Pages) {
  const query = async (text: string): Promise<unknown[][]> =>
    (await pages.house.sql.query({ text, rowMode: "array" })).rows;
  const agree = async (shown: () => Promise<unknown>, stored: () => Promise<unknown>): Promise<void> => {
    const both = async () => ({ shown: await shown().catch(String), stored: await stored() });
    await expect.poll(both, { timeout: 60_000 }).toSatisfy((read: Awaited<ReturnType<typeof both>>) => {
      expect(read.shown).toEqual(read.stored);
      return true;
    });
  };
  const numberOf = async (sql: string) => Number((await query(`select (${sql})::float8`))[0]?.[0]);
  return {
    query,
    /** One number. */
    number: (shown: () => Promise<string | undefined>, sql: string) =>
      agree(shown, async () => count(await numberOf(sql))),
    share: (shown: () => Promise<string>, sql: string) =>
      agree(shown, async () => share(await numberOf(sql))),
    /** The cells of a table, in any order. */
    rows: (shown: () => Promise<(string | undefined)[][]>, sql: string) =>
      agree(
        async () => (await shown()).map((row) => row.join(" | ")).toSorted(byText),
        async () => (await query(sql)).map((row) => row.join(" | ")).toSorted(byText),
      ),
  };
}

const byText = (one: string, other: string) => (one < other ? -1 : 1);
