import { compile, type DomNode, type FormatCallback, type HtmlToTextOptions } from "html-to-text";
import { withShieldedFields } from "#campaigns/shield-fields.ts";

/** The most characters of the plain text; the limit for a text that an author writes is the same. */
const LONGEST = 200_000;
/** Content that is nested deeper than this is left out. Real mails are nested at most some dozens of elements deep. */
const MOST_DEPTH = 200;

/**
 * One item of a list. The library's own formats of lists and quotes are not used. They indent each line by its level,
 * so that 50 KB of HTML become megabytes of text, and they write the number of `<ol type="I" start="999999999">` in
 * Roman numerals.
 */
const itemOf = (): FormatCallback => {
  const counts = new WeakMap<DomNode, number>();
  return (item, walk, builder) => {
    const list = item.parent ?? item;
    const count = (counts.get(list) ?? 0) + 1;
    counts.set(list, count);
    builder.openBlock({ leadingLineBreaks: 1 });
    builder.addInline(list.name === "ol" ? `${count}. ` : "* ");
    walk(item.children ?? [], builder);
    builder.closeBlock({ trailingLineBreaks: 1 });
  };
};

const block = (lineBreaks: number, selectors: string[]) =>
  selectors.map((selector) => ({
    selector,
    format: "block",
    options: { leadingLineBreaks: lineBreaks, trailingLineBreaks: lineBreaks },
  }));
const convert = compile({
  limits: { maxDepth: MOST_DEPTH },
  formatters: { item: itemOf() },
  selectors: [
    { selector: "a", options: { hideLinkHrefIfSameAsText: true } },
    // The plain text contains a picture's alternative text, but not the picture's address.
    { selector: "img", options: { pathRewrite: () => "" } },
    ...["h1", "h2", "h3", "h4", "h5", "h6"].map((selector) => ({ selector, options: { uppercase: false } })),
    { selector: "li", format: "item" },
    ...block(2, ["ul", "ol", "blockquote"]),
    // Mails use tables for layout, so each cell becomes a paragraph.
    ...block(1, ["td", "th"]),
  ],
} satisfies HtmlToTextOptions);

/** The plain text of an author's HTML, for mail programs and people that read no HTML. Its merge fields are kept. */
export const htmlAsText = (html: string): string =>
  withShieldedFields(html, (shielded) =>
    convert(shielded)
      .slice(0, LONGEST)
      // The limit may have cut the last shielded field or the last character in two. The remaining half is removed,
      // because the database refuses half a character. Braces that were encoded in the HTML must not begin a merge
      // field.
      .replace(/(?:\u{F0000}\d*)?\p{Surrogate}?$/u, "")
      .replace(/\{(?=\{)/g, "{ "),
  );
