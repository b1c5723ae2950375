import { expect, test } from "vitest";
import { withFooter } from "#campaigns/footer.ts";

const htmlOf = (html: string) => withFooter({ html, text: "" }).html ?? "";
const textOf = (text: string) => withFooter({ html: null, text }).text;

test("content without the link and the address gets both, at the end of the body", () => {
  expect(htmlOf("<html><BODY><p>Hi</p></BODY></html>")).toMatch(
    /^<html><BODY><p>Hi<\/p><p style="[^"]+"><a href="\{\{unsubscribeUrl\}\}"[^>]*>Unsubscribe<\/a><br>\{\{postalAddress\}\}<\/p><\/BODY><\/html>$/,
  );
  expect(htmlOf("<p>Hi</p>")).toMatch(/^<p>Hi<\/p><p .*unsubscribeUrl.*postalAddress.*<\/p>$/);
  expect(textOf("Hi\n")).toBe("Hi\n\n-- \nUnsubscribe: {{unsubscribeUrl}}\n{{postalAddress}}\n");
});

test("what the author wrote stays as it is, in each spelling; only what is missing is added", () => {
  const whole = '<a href="{{ unsubscribe_url }}">Leave</a> {{PostalAddress|x}}';
  expect(htmlOf(whole)).toBe(whole);
  expect(textOf("{{unsubscribeURL}} {{postal_address}}")).toBe("{{unsubscribeURL}} {{postal_address}}");
  expect(textOf("{{unsubscribeUrl}}")).toBe("{{unsubscribeUrl}}\n\n-- \n{{postalAddress}}\n");
  expect(htmlOf("{{postalAddress}}")).not.toMatch(/postalAddress.*postalAddress/);
});

test("a campaign without HTML gets none", () => {
  expect(withFooter({ html: null, text: "T" }).html).toBeNull();
});
