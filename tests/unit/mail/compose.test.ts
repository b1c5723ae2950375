import { expect, test } from "vitest";
import { z } from "zod";
import { compose, mailText } from "#mail/compose.ts";
import { templates } from "#mail/templates.ts";

const greeting = mailText({
  fields: z.object({ name: z.string(), url: z.string() }),
  subject: "Hello {{ name }}",
  paragraphs: ["Welcome, {{ name }}.", "Second."],
  action: { label: "Open", url: "{{ url }}" },
});

test("HTML and plain text say the same; values are escaped in HTML alone", () => {
  const { subject, text, html } = compose(greeting, {
    name: "<b>Ada</b>\r\nBcc: x",
    url: "https://a.example/?a=1&b=2",
  });
  expect(subject).toBe("Hello <b>Ada</b> Bcc: x");
  expect(text).toBe("Welcome, <b>Ada</b>\r\nBcc: x.\n\nSecond.\n\nOpen: https://a.example/?a=1&b=2\n");
  expect(html).toContain("Welcome, &lt;b&gt;Ada&lt;/b&gt;");
  expect(html).toContain('href="https://a.example/?a=1&amp;b=2"');
  expect(html).not.toContain("<b>");
});

test("a value is never read as a template", () => {
  const { text } = compose(greeting, { name: "{{ url }}{% raw %}", url: "https://a.example" });
  expect(text).toContain("Welcome, {{ url }}{% raw %}.");
});

test("a mail without a value of its template is not written", () => {
  expect(() => compose(greeting, { name: "Ada" })).toThrow(/lacks values/);
});

test.each([
  ["usd", "$1,234.50"],
  ["jpy", "¥123,450"],
])("the receipt names an amount in %s as people write it", (currency, written) => {
  const receipt = templates["payment-receipt"];
  if (!receipt) throw new Error("no template");
  const { text } = compose(receipt, { order: "o-1", amountCents: 123_450, currency });
  expect(text).toContain(`We have received ${written} for your order o-1.`);
});
