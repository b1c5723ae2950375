import { describe, expect, test } from "vitest";
import { checkHtml } from "#campaigns/check-html.ts";

const TOO_LARGE = { broken: [expect.stringContaining("too many elements")], images: [] };

describe("HTML that the parser would make millions of elements of is not checked", () => {
  const opened = (count: number) => Array.from({ length: count }, (_, n) => `<b id=${n}>`).join("");

  test("formatting that is repeated in each paragraph", () => {
    expect(checkHtml(`<p>${opened(150)}${"<p>x".repeat(3_000)}`, 10)).toEqual(TOO_LARGE);
  });

  test("deep nesting, which each end tag would be looked up in", () => {
    expect(checkHtml("<span>".repeat(10_000) + "</i>".repeat(10_000), 10)).toEqual(TOO_LARGE);
  });
});

test("a large mail of ordinary depth is checked whole", () => {
  const row = "<tr><td><table><tr><td><p>Text</p></td></tr></table></td></tr>";
  const html = `<html><body><table>${row.repeat(2_000)}</table><img src="end.png"></body></html>`;
  expect(checkHtml(html, 10)).toEqual({ broken: [], images: ["end.png"] });
});

test("no more faults of a kind are told than are asked for", () => {
  const { broken, images } = checkHtml("<b><i><u></q></s></a><img><img><img>", 2);
  expect([broken.length, images.length]).toEqual([2, 2]);
});
