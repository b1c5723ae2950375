import { describe, expect, test } from "vitest";
import { type Content, createRenderer } from "#campaigns/render-mail.ts";
import type { Fields } from "#mail/template.ts";
import { testImprint, testLinks } from "../../support/broadcast.ts";

const content: Content = {
  subject: "News for {{name}}",
  html: "<p>{{name}}</p>",
  text: "{{name}} <{{email}}>",
  from: "Ada <ada@example.com>",
  replyTo: null,
  missingField: "fail",
  listId: "5f0c2a54-6f5c-4a8e-9a52-0d6f3b1c7a11",
  imprint: testImprint,
};
/** The mail as the provider reads it, or the missing fields. */
const renderer = (of: Content) => {
  const render = createRenderer("c1", of, testLinks);
  return ({ id, email, fields }: { id: number; email: string; fields: Fields }) => {
    const rendered = render(id, email, fields);
    return "mail" in rendered ? { mail: JSON.parse(rendered.mail) as unknown } : rendered;
  };
};
const bob = { id: 7, email: "bob@example.com", fields: { name: "Bob & Co" } };
const link = testImprint.linkBase + testLinks.signer(testImprint.linkKeyId, content.listId)(bob.id);
/** What is added to the author's text and HTML. */
const textFooter = `\n\n-- \nUnsubscribe: ${link}\n${testImprint.postalAddress}\n`;
const htmlFooter = `<p style="margin:32px 0 16px;font:13px/1.5 sans-serif;text-align:center"><a href="${link}" style="color:inherit">Unsubscribe</a><br>${testImprint.postalAddress}</p>`;

describe("a rendered mail", () => {
  test("finds fields regardless of case, and {{Email}} is never a field", () => {
    const text = "{{NAME}} {{Email}} {{first name}} {{Name|none}}";
    const fields = { name: "Bob", "First Name": "B", EMAIL: "other@example.com" };
    expect(renderer({ ...content, html: null, text })({ ...bob, fields })).toMatchObject({
      mail: { text: `Bob bob@example.com B Bob${textFooter}` },
    });
  });

  test("escapes each part in its own way, has the campaign's tag, and omits unused keys", () => {
    expect(renderer(content)(bob)).toEqual({
      mail: {
        from: "Ada <ada@example.com>",
        to: "bob@example.com",
        subject: "News for Bob & Co",
        html: `<p>Bob &amp; Co</p>${htmlFooter}`,
        text: `Bob & Co <bob@example.com>${textFooter}`,
        headers: {
          "List-Unsubscribe": `<${link}>`,
          "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        tags: [{ name: "campaign_id", value: "c1" }],
      },
    });
  });

  test("does not take a name from Object.prototype for a field", () => {
    const render = renderer({
      ...content,
      html: null,
      text: "{{constructor|none}}{{toString|none}}",
    });
    expect(render(bob)).toMatchObject({ mail: { text: `nonenone${textFooter}` } });
  });

  test("is valid JSON for any text of the author and the subscriber", () => {
    const wild = 'a "quoted" \\ back\\slash\n\u0000 \u2028 {{name}} ü 🦉 \ud800';
    const render = renderer({ ...content, html: wild, text: wild, replyTo: '"Ada" <ada@example.com>' });
    const name = '"\\\b\t🦉 <ü>\ud83e';
    expect(render({ ...bob, fields: { name } })).toMatchObject({
      mail: {
        html: wild.replace("{{name}}", name.replace('"', "&quot;").replace("<ü>", "&lt;ü&gt;")) + htmlFooter,
        text: wild.replace("{{name}}", name) + textFooter,
        reply_to: '"Ada" <ada@example.com>',
      },
    });
  });

  test("has the same bytes each time", () => {
    const bytes = (of: Content) =>
      createRenderer("c1", of, testLinks)(bob.id, bob.email, structuredClone(bob.fields));
    expect(bytes({ ...content })).toEqual(bytes(content));
  });

  test("reports a missing field instead, unless the campaign leaves missing fields empty", () => {
    const nobody = { id: 8, email: "x@example.com", fields: {} };
    expect(renderer(content)(nobody)).toEqual({ missing: ["name"] });
    expect(renderer({ ...content, missingField: "empty" })(nobody)).toMatchObject({
      mail: { subject: "News for " },
    });
  });

  test("fills {{email}} with the address, even if a field has that name", () => {
    const render = renderer({ ...content, html: null, text: "{{email}}" });
    expect(render({ ...bob, fields: { name: "B", email: "other" } })).toMatchObject({
      mail: { text: `bob@example.com${textFooter}` },
    });
  });
});
