import { describe, expect, test } from "vitest";
import { type Content, createRenderer } from "#campaigns/render-mail.ts";

const content: Content = {
  subject: "News for {{name}}",
  html: "<p>{{name}}</p>",
  text: "{{name}} <{{email}}>",
  from: "Ada <ada@example.com>",
  replyTo: null,
  missingField: "fail",
};
/** The mail as the provider reads it, or the missing fields. */
const renderer = (of: Content) => {
  const render = createRenderer("c1", of);
  return (recipient: Parameters<typeof render>[0]) => {
    const rendered = render(recipient);
    return "mail" in rendered ? { mail: JSON.parse(rendered.mail) as unknown } : rendered;
  };
};
const bob = { id: 7, email: "bob@example.com", fields: { name: "Bob & Co" } };

describe("a rendered mail", () => {
  test("finds fields in any case, and never takes a field for the address", () => {
    const text = "{{NAME}} {{Email}} {{first name}} {{Name|none}}";
    const fields = { name: "Bob", "First Name": "B", EMAIL: "other@example.com" };
    expect(renderer({ ...content, html: null, text })({ ...bob, fields })).toMatchObject({
      mail: { text: "Bob bob@example.com B Bob" },
    });
  });

  test("has every part in its own escaping, the campaign's tag, and no key that is not used", () => {
    expect(renderer(content)(bob)).toEqual({
      mail: {
        from: "Ada <ada@example.com>",
        to: "bob@example.com",
        subject: "News for Bob & Co",
        html: "<p>Bob &amp; Co</p>",
        text: "Bob & Co <bob@example.com>",
        tags: [{ name: "campaign_id", value: "c1" }],
      },
    });
  });

  test("a name from Object.prototype is no field", () => {
    const render = renderer({
      ...content,
      html: null,
      text: "{{constructor|none}}{{toString|none}}",
    });
    expect(render(bob)).toMatchObject({ mail: { text: "nonenone" } });
  });

  test("is JSON whatever the author and the subscribers write", () => {
    const wild = 'a "quoted" \\ back\\slash\n\u0000 \u2028 {{name}} ü 🦉 \ud800';
    const render = renderer({ ...content, html: wild, text: wild, replyTo: '"Ada" <ada@example.com>' });
    const name = '"\\\b\t🦉 <ü>\ud83e';
    expect(render({ ...bob, fields: { name } })).toMatchObject({
      mail: {
        html: wild.replace("{{name}}", name.replace('"', "&quot;").replace("<ü>", "&lt;ü&gt;")),
        text: wild.replace("{{name}}", name),
        reply_to: '"Ada" <ada@example.com>',
      },
    });
  });

  test("is the same bytes however often it is rendered", () => {
    const once = createRenderer("c1", content)(bob);
    expect(createRenderer("c1", { ...content })(structuredClone(bob))).toEqual(once);
  });

  test("fails alone for a missing field, if the campaign says so", () => {
    const nobody = { id: 8, email: "x@example.com", fields: {} };
    expect(renderer(content)(nobody)).toEqual({ missing: ["name"] });
    expect(renderer({ ...content, missingField: "empty" })(nobody)).toMatchObject({
      mail: { subject: "News for " },
    });
  });

  test("{{email}} is the address itself, whatever a field of that name says", () => {
    const render = renderer({ ...content, html: null, text: "{{email}}" });
    expect(render({ ...bob, fields: { name: "B", email: "other" } })).toMatchObject({
      mail: { text: "bob@example.com" },
    });
  });
});
