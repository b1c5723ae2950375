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
const bob = { id: 7, email: "bob@example.com", fields: { name: "Bob & Co" } };

describe("a rendered mail", () => {
  test("has every part in its own escaping, the campaign's tag, and no key that is not used", () => {
    expect(createRenderer("c1", content)(bob)).toEqual({
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
    const render = createRenderer("c1", {
      ...content,
      html: null,
      text: "{{constructor|none}}{{toString|none}}",
    });
    expect(render(bob)).toMatchObject({ mail: { text: "nonenone" } });
  });

  test("is the same bytes however often it is rendered", () => {
    const once = JSON.stringify(createRenderer("c1", content)(bob));
    expect(JSON.stringify(createRenderer("c1", { ...content })(structuredClone(bob)))).toBe(once);
  });

  test("fails alone for a missing field, if the campaign says so", () => {
    const nobody = { id: 8, email: "x@example.com", fields: {} };
    expect(createRenderer("c1", content)(nobody)).toEqual({ missing: ["name"] });
    expect(createRenderer("c1", { ...content, missingField: "empty" })(nobody)).toMatchObject({
      mail: { subject: "News for " },
    });
  });

  test("{{email}} is the address itself, whatever a field of that name says", () => {
    const render = createRenderer("c1", { ...content, html: null, text: "{{email}}" });
    expect(render({ ...bob, fields: { name: "B", email: "other" } })).toMatchObject({
      mail: { text: "bob@example.com" },
    });
  });
});
