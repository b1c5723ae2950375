import { describe, expect, test } from "vitest";
import { checkHtml } from "#campaigns/check-html.ts";

const TOO_LARGE = { broken: [expect.stringContaining("too many elements")], images: [], fields: [] };

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
  expect(checkHtml(html, 10)).toEqual({ broken: [], images: ["end.png"], fields: [] });
});

test("a merge field in the query of a link is told unless it is encoded; elsewhere it may stand as it is", () => {
  const fieldsOf = (href: string) => checkHtml(`<p>Is it {{you}}? <a href="${href}">x</a>`, 10).fields;
  expect(fieldsOf("https://x.example/?a=1&amp;e={{ email }}&amp;n={{name|friend}}&amp;m={{email}}")).toEqual([
    "email",
    "name|friend",
  ]);
  expect(fieldsOf("mailto:a@x.example?subject={{name}}")).toEqual(["name"]);
  expect(fieldsOf("https://x.example/?e={{email|url_encode}}&n={{name|friend | url_encode }}")).toEqual([]);
  expect(fieldsOf("{{unsubscribeUrl}}")).toEqual([]);
  expect(fieldsOf("https://x.example/{{name}}")).toEqual([]);
});

test("no more faults of a kind are told than are asked for", () => {
  const { broken, images, fields } = checkHtml(
    '<b><i><u></q></s></a><img><img><img><a href="?{{a}}{{b}}{{c}}">',
    2,
  );
  expect([broken.length, images.length, fields.length]).toEqual([2, 2, 2]);
});
