import { describe, expect, test } from "vitest";
import { asHeader, asPlainText, escapeHtml, fillTemplate, parseTemplate } from "#campaigns/template.ts";

const fill = (source: string, fields: Record<string, unknown>, escape = asPlainText) => {
  const missing: string[] = [];
  return { text: fillTemplate(parseTemplate(source), fields, escape, missing), missing };
};

describe("merge fields", () => {
  test("stand for the subscriber's values, with or without spaces", () => {
    expect(fill("Hi {{name}}, {{ city }}!", { name: "Ada", city: "Rome" }).text).toBe("Hi Ada, Rome!");
  });

  test("numbers and booleans are written as text; objects are no value", () => {
    expect(fill("{{n}} {{b}} {{o|-}}", { n: 0, b: false, o: { a: 1 } }).text).toBe("0 false -");
  });

  test("what is missing takes the fallback, and is named when there is none", () => {
    expect(fill("{{a|friend}} {{b}} {{c}}", { b: "", c: null })).toEqual({
      text: "friend  ",
      missing: ["b", "c"],
    });
  });

  test("an empty fallback is a fallback", () => {
    expect(fill("<{{a|}}>", {})).toEqual({ text: "<>", missing: [] });
  });

  test("a value is never read as a template", () => {
    expect(fill("{{a}}", { a: "{{b}} $& $1", b: "no" }).text).toBe("{{b}} $& $1");
  });

  test("braces that are no merge field stay as they are", () => {
    expect(fill("{{}} {{a b}} { {{a}", { a: 1 }).text).toBe("{{}} {{a b}} { {{a}");
  });

  test("values are escaped in html, the author's own text is not", () => {
    expect(fill("<b>{{a}}</b>", { a: `<script>"'&` }, escapeHtml).text).toBe(
      "<b>&lt;script&gt;&quot;&#39;&amp;</b>",
    );
  });

  test("a line break in a value cannot begin another header", () => {
    expect(fill("Hi {{a}}", { a: "x\r\nBcc: all@example.com" }, asHeader).text).toBe(
      "Hi x Bcc: all@example.com",
    );
  });
});
