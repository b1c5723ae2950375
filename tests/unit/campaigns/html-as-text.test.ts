import { describe, expect, test } from "vitest";
import { type CampaignChanges, campaignContent } from "#campaigns/content.ts";
import { htmlAsText } from "#campaigns/html-as-text.ts";
import { prepareHtml } from "#campaigns/prepare-html.ts";

const HTML = `<!doctype html><html><head><title>News</title><style>p{color:red}</style></head><body>
<h1>Hello {{ first name | dear friend }}</h1>
<p>See <a href="https://shop.example/?a=1&amp;who={{email}}">the shop</a> <img src="https://shop.example/p.gif"><img src="l.png" alt="Logo"></p>
<ol><li>One</li><li>Two<ul><li>A</li></ul></li></ol>
<table><tr><td>left</td><td>right</td></tr></table>
<p>{{name}} &lt;3 &#123;&#123;braces}}</p><a href="{{unsubscribeUrl}}">{{unsubscribeUrl}}</a></body></html>`;

describe("the text that is made from HTML", () => {
  test("has links, items and cells that can be read, and neither styles nor the addresses of pictures", () => {
    expect(htmlAsText(HTML)).toBe(`Hello {{ first name | dear friend }}

See the shop [https://shop.example/?a=1&who={{email}}] Logo

1. One
2. Two
* A

left
right

{{name}} <3 { {braces}}

{{unsubscribeUrl}}`);
  });

  test("keeps each merge field as it is written, in a long line and with signs that HTML encodes", () => {
    const field = "{{ full name | ladies & gentlemen, <dear> readers of “News” }}";
    const text = htmlAsText(`<h2>${"long ".repeat(30)}${field}</h2><p title='"'>${field}</p>`);
    expect(text.split(field)).toHaveLength(3);
  });

  test("has no merge field that begins with encoded braces, however many there are", () => {
    const encoded = "&#123;".repeat(3);
    expect(htmlAsText(`${encoded}name}} {${encoded}name}} &#123;{{name}}`)).toBe(
      "{ { {name}} { { { {name}} {{{name}}",
    );
  });

  test.each([
    ["nested lists", `${"<ul><li>".repeat(99)}${"x<br>".repeat(9_000)}`],
    ["nested quotes", `${"<blockquote>".repeat(198)}${"x<br>".repeat(9_000)}`],
    ["Roman numerals", `<ol type="I" start="99999999">${"<li>x".repeat(9_000)}</ol>`],
    ["lines", "<hr>".repeat(10_000)],
    ["elements without an end", "<b>".repeat(10_000)],
    ["a mark that is cut", `${"x".repeat(199_998)}{{name}}`],
    ["a mark that is cut in the middle of its first character", `${"x".repeat(199_999)}{{name}}`],
    ["a mark that is cut in the middle of its last character", `${"x".repeat(199_996)}{{name}}`],
    ["a character that is cut", `${"x".repeat(199_999)}😀`],
  ])("is never longer than a text that is written: %s", (_, html) => {
    const text = htmlAsText(html);
    expect(text.length).toBeLessThanOrEqual(200_000);
    expect(text).not.toMatch(/[\u{F0000}\u{F0001}]|\p{Surrogate}/u);
  });
});

test("it is made for each HTML that is stored, and only then", () => {
  expect(prepareHtml({ html: "<p>Hi</p>", text: "Mine" })).toEqual({
    html: "<p>Hi</p>",
    text: "Mine",
    htmlAsText: "Hi",
  });
  expect(prepareHtml({ html: null })).toEqual({ html: null, htmlAsText: null });
  expect(prepareHtml<CampaignChanges>({ text: "Mine" })).toEqual({ text: "Mine" });
});

test("HTML with more than 10,000 tags is refused, and the message says what to do", () => {
  const content = (html: string) =>
    campaignContent.safeParse({
      listId: "5f0c2a54-6f5c-4a8e-9a52-0d6f3b1c7a11",
      subject: "News",
      from: "a@example.com",
      html,
    });
  expect(content("<b>x</b>".repeat(5_000)).success).toBe(true);
  expect(content(`${"<b>x</b>".repeat(5_000)}<p>`).error?.issues).toMatchObject([
    { path: ["html"], message: expect.stringMatching(/^at most 10000 tags: make the mail shorter/) },
  ]);
});
