import { getDocument } from "pdfjs-dist/legacy/build/pdf.mjs";
import { describe, expect, test } from "vitest";
import { WRITERS } from "#reports/contents.ts";
import { PDF_ROWS, type ReportDocument, type Snapshot, toDocument } from "#reports/document.ts";
import { renderPdf } from "#reports/render-pdf.ts";
import { samples } from "../../support/report-samples.ts";

const range = { start: "2026-11-01", end: "2026-11-03" };
const NAMES = ["Ada Ångström", "Κώστας", "Иван", "محمد علي", "王小明"];
const snapshot: Snapshot & { lists: number } = {
  columns: ["Name", "E-mail", "List", "Status", "Since"],
  rowCount: 3_217,
  lists: 4,
  byStatus: { active: 3_001, unsubscribed: 216 },
  perDay: [
    ["2026-11-01", 1_217],
    ["2026-11-03", 2_000],
  ],
  rows: Array.from({ length: 60 }, (_, index) => [
    NAMES[index % NAMES.length] ?? "",
    `person${index}@example.org`,
    "Customers",
    "active",
    "2026-11-01T09:30:00+00:00",
  ]),
};
const documentOf = (of: Snapshot = snapshot): ReportDocument =>
  toDocument(
    { type: "users", range, snapshotAt: new Date("2026-11-04T08:00:00Z"), scope: "ann" },
    of,
    WRITERS.users(of, range),
  );

type Tagged = { role?: string; alt?: string; children?: Tagged[] };
const flat = (node: Tagged): Tagged[] => [node, ...(node.children ?? []).flatMap(flat)];

/** The content as an independent PDF reader finds it: the text of each page, and its tags in reading order. */
async function read(bytes: Uint8Array) {
  const pdf = await getDocument({ data: new Uint8Array(bytes), verbosity: 0 }).promise;
  const pages = await Promise.all(
    Array.from({ length: pdf.numPages }, async (_, index) => {
      const page = await pdf.getPage(index + 1);
      const { items } = await page.getTextContent();
      const tags = (await page.getStructTree()) as Tagged | null;
      return {
        text: items.map((item) => ("str" in item ? item.str : "")).join(""),
        tags: tags === null ? [] : flat(tags),
      };
    }),
  );
  const { info, metadata } = await pdf.getMetadata();
  const outline = await pdf.getOutline();
  const marks = await pdf.getMarkInfo();
  await pdf.destroy();
  return { pages, info, metadata: metadata?.getRaw() ?? "", outline, marks };
}

describe("the PDF of a report", () => {
  test("has every figure of the snapshot, its date and its scope", async () => {
    const { pages, info } = await read(await renderPdf(documentOf()));
    const first = pages[0]?.text ?? "";
    for (const figure of ["3,217", "3,001", "216", "Lists", "4"]) expect(first).toContain(figure);
    expect(first).toContain("4 November 2026");
    expect(first).toContain("Account ann.");
    expect(info).toMatchObject({ Title: "Users" });
  });

  test.each(Object.entries(WRITERS))("of %s has each of its key figures", async (type, write) => {
    const sample = samples[type] ?? snapshot;
    const facts = { type, range, snapshotAt: new Date("2026-11-04T08:00:00Z"), scope: null };
    const document = toDocument(facts, sample, write(sample, range));
    const { pages } = await read(await renderPdf(document));
    expect(document.figures.length).toBeGreaterThanOrEqual(4);
    for (const { label, value } of document.figures) expect(pages[0]?.text).toContain(label + value);
  });

  test("has a glyph for each character of Latin, Greek, Cyrillic, Arabic and Chinese names", async () => {
    const { pages } = await read(await renderPdf(documentOf()));
    const text = pages
      .map((page) => page.text)
      .join("\n")
      .normalize("NFC");
    for (const word of NAMES.flatMap((name) => name.split(" "))) expect(text).toContain(word);
    expect(text).not.toContain("\uFFFD");
  });

  test("conforms to PDF/UA-1: tagged headings, figures with a description, a table with headers on every page", async () => {
    const { pages, outline, info, metadata, marks } = await read(await renderPdf(documentOf()));
    expect(metadata).toContain("<pdfuaid:part>1</pdfuaid:part>");
    expect(info).toMatchObject({ Language: "en" });
    expect(marks).toMatchObject({ Marked: true });
    const tags = pages.flatMap((page) => page.tags);
    const roles = new Set(tags.map(({ role }) => role));
    for (const role of ["H1", "H2", "Figure", "Table", "TR", "TH", "TD"]) expect(roles).toContain(role);
    const alternatives = tags.filter(({ role }) => role === "Figure").map(({ alt }) => alt);
    expect(alternatives).toEqual([
      "New subscribers a day: 3,217 in 3 days; most on 11-03 (2,000).",
      "By status: active 3,001, unsubscribed 216.",
    ]);
    expect(outline).not.toBeNull();
    expect(pages.length).toBeGreaterThan(1);
    for (const { text } of pages) expect(text).toContain("E-mail");
  });

  test("has the same bytes for the same snapshot", async () => {
    const [first, second] = [await renderPdf(documentOf()), await renderPdf(documentOf())];
    expect(Buffer.from(first).equals(Buffer.from(second))).toBe(true);
  });

  test("replaces a character that no font has", async () => {
    const rows = [
      ["Ada 👍🏽 ꦲꦏ꧀ꦱꦫ Lovelace", "a@example.org", "Customers", "active", "2026-11-01T09:30:00+00:00"],
    ];
    const { pages } = await read(await renderPdf(documentOf({ ...snapshot, rows })));
    expect(pages[0]?.text).toMatch(/Ada [\uFFFD\s]+Lovelace/u);
  });

  test("has a space in place of a control character, which no font has", () => {
    const { table } = documentOf({
      ...snapshot,
      rows: [["Ada\u0007Lovelace\u0000", "a@example.org", "L", "active", null]],
    });
    expect(table.rows).toEqual([["Ada Lovelace ", "a@example.org", "L", "active", "–"]]);
  });

  test("lists 250 subscribers on at most eight pages", async () => {
    const rows = Array.from({ length: 250 }, (_, index) => [
      `Reader ${index}`,
      `reader-${index}@example.com`,
      "Readers of the open evening",
      "active",
      "2026-11-01T09:30:00+00:00",
    ]);
    const { pages } = await read(await renderPdf(documentOf({ ...snapshot, rows })));
    expect(pages.length).toBeLessThanOrEqual(8);
  });

  test("has whole numbers at the axis of a chart, even when all its values are zero", async () => {
    const { pages } = await read(
      await renderPdf(documentOf({ ...snapshot, rowCount: 0, perDay: [], rows: [] })),
    );
    const axis = pages[0]?.text.split("New subscribers a day")[1]?.slice(0, 3);
    expect(axis).toBe("012");
  });

  test("says that a period has no rows", async () => {
    const empty = { ...snapshot, rowCount: 0, byStatus: {}, perDay: [], rows: [] };
    const { pages } = await read(await renderPdf(documentOf(empty)));
    expect(pages[0]?.text).toContain("No rows in this period.");
  });

  test("is limited to 2,000 rows, and refers to the CSV for the rest", () => {
    const rows = Array.from({ length: PDF_ROWS + 1 }, () => snapshot.rows[0] ?? []);
    const { table } = documentOf({ ...snapshot, rowCount: 9_000, rows });
    expect(table.rows).toHaveLength(PDF_ROWS);
    expect(table.note).toBe("The first 2,000 of 9,000 rows. The same report as CSV has all of them.");
  });
});
