import { describe, expect, test } from "vitest";
import { findForeignSyntax } from "#mail/foreign-syntax.ts";
import {
  asHeader,
  asPlainText,
  escapeHtml,
  fillTemplate,
  jsonTemplate,
  parseTemplate,
} from "#mail/template.ts";

const fill = (source: string, fields: Record<string, unknown>, escape = asPlainText) => {
  const missing: string[] = [];
  const text = fillTemplate(parseTemplate(source, escape), (name) => fields[name], missing);
  return { text, missing };
};

describe("merge fields", () => {
  test("take the subscriber's values, with or without spaces", () => {
    expect(fill("Hi {{name}}, {{ city }}!", { name: "Ada", city: "Rome" }).text).toBe("Hi Ada, Rome!");
  });

  test("accept numbers and booleans, but not objects", () => {
    expect(fill("{{n}} {{b}} {{o|-}}", { n: 0, b: false, o: { a: 1 } }).text).toBe("0 false -");
  });

  test("without a value take the fallback, or are reported as missing", () => {
    expect(fill("{{a|friend}} {{b}} {{c}}", { b: "", c: null })).toEqual({
      text: "friend  ",
      missing: ["b", "c"],
    });
  });

  test("may have an empty fallback", () => {
    expect(fill("<{{a|}}>", {})).toEqual({ text: "<>", missing: [] });
  });

  test("do not treat a value as a template", () => {
    expect(fill("{{a}}", { a: "{{b}} $& $1", b: "no" }).text).toBe("{{b}} $& $1");
  });

  test("may have any name that a CSV column may have", () => {
    const fields = { "First Name": "Ada", prénom: "Zoé", "#1": 1 };
    expect(fill("{{First Name}} {{ prénom }} {{#1|x}}", fields).text).toBe("Ada Zoé 1");
    expect(fill("{{Last Name}} {{nom de famille|x}}", fields)).toEqual({
      text: " x",
      missing: ["Last Name"],
    });
  });

  test("are reported when they are malformed, and left unchanged", () => {
    const strays = ["{{}}", "{{ }}", "{{a}", "{{a|b|{c}}}", "{{ {{a}} }}"];
    expect(strays.filter((stray) => !findForeignSyntax(stray))).toEqual([]);
    expect(fill("{{}} {{ |x}} { {{a}", { a: 1 }).text).toBe("{{}} {{ |x}} { {{a}");
    expect(
      findForeignSyntax("{a} }} {{a}}{{b|}}{ {{a}}} @media{a{b:c}} {{#1}} {{a|Date: none}}"),
    ).toBeUndefined();
  });

  test.each([
    ["Hi {{{name}}}", 1, 4],
    ["<p>\r\n  Hi {{ name | default: 'friend' }}", 2, 6],
    ["{{name}}\n{{#if vip}}yes{{/if}}", 2, 1],
    ["\n\n{{else}}", 3, 1],
    ["{{name | upcase}}", 1, 1],
    ["{{name|upper}}", 1, 1],
    ["{{name|trim|friend}}", 1, 1],
    ["x\n {{name | urlencode}}", 2, 2],
    ["{{name | url_encode | friend}}", 1, 1],
    ["{{name | url_encode | upcase}}", 1, 1],
    ["{{> footer}}", 1, 1],
    ["{{& name}}", 1, 1],
    ["a\rb{% if vip %}", 2, 2],
    ["Hi *|FNAME|*", 1, 4],
    ["{{name}} {{", 1, 10],
  ])("in the syntax of other tools are reported with their position: %j", (source, line, column) => {
    expect(findForeignSyntax(source)).toMatchObject({ line, column });
  });

  test("escape values in HTML, but not the author's own text", () => {
    expect(fill("<b>{{a}}</b>", { a: `<script>"'&` }, escapeHtml).text).toBe(
      "<b>&lt;script&gt;&quot;&#39;&amp;</b>",
    );
  });

  test("in the query of a URL are encoded by their only filter, and so is their fallback", () => {
    const fields = { email: "a+b@x.example", q: '"O\'Hara" & (Söhne)*! 🦉\ud800', plain: "a-Z_0.~" };
    expect(fill("?e={{ email | url_encode }}&p={{plain|url_encode}}", fields).text).toBe(
      "?e=a%2Bb%40x.example&p=a-Z_0.~",
    );
    const encoded = "%22O%27Hara%22%20%26%20%28S%C3%B6hne%29%2A%21%20%F0%9F%A6%89%EF%BF%BD";
    for (const escape of [asPlainText, escapeHtml, asHeader])
      expect(fill("{{q|url_encode}}", fields, escape).text).toBe(encoded);
    expect(fill("{{no|my friend|url_encode}} {{no||url_encode}}", fields)).toEqual({
      text: "my%20friend ",
      missing: [],
    });
    expect(fill("{{no|url_encode}}{{email|a|b}}{{no|a|b}}", fields)).toEqual({
      text: "a+b@x.examplea|b",
      missing: ["no"],
    });
    expect(findForeignSyntax("{{ email | url_encode }} {{name|friend|url_encode}}")).toBeUndefined();
  });

  test("in a header cannot contain a line break", () => {
    expect(fill("Hi {{a}}", { a: "x\r\nBcc: all@example.com" }, asHeader).text).toBe(
      "Hi x Bcc: all@example.com",
    );
  });
});

describe("JSON with merge fields", () => {
  const write = (value: unknown, fields: Record<string, unknown>) =>
    fillTemplate(jsonTemplate(value), (name) => fields[name], []);

  test("equals JSON.stringify of the filled texts, in ASCII", () => {
    const name = 'A "quoted" \\ \n\u0001\u007f é 🦉 \udfff';
    const value = (text: unknown) => ({
      n: 1,
      no: null,
      gone: undefined,
      yes: true,
      empty: [],
      none: {},
      list: [text, { 'kë"y': text }, "plain\ttéxt"],
    });
    const written = write(value(parseTemplate('<{{name}}>ü\n"', asPlainText)), { name });
    expect(written).toMatch(/^[ -~]+$/);
    expect(JSON.stringify(JSON.parse(written))).toBe(JSON.stringify(value(`<${name}>ü\n"`)));
  });

  test("keeps each field's escaping and fallback inside the JSON", () => {
    const value = {
      html: parseTemplate('{{a}} {{b|"x"}}', escapeHtml),
      subject: parseTemplate("{{a}}", asHeader),
    };
    expect(JSON.parse(write(value, { a: '"\r\n"' }))).toEqual({
      html: "&quot;\r\n&quot; &quot;x&quot;",
      subject: '" "',
    });
  });
});
