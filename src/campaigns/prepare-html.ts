import { htmlAsText } from "#campaigns/html-as-text.ts";

/**
 * The plain text of the author's HTML. The text is made once, when the HTML is stored, and is frozen with the campaign:
 * a later version of the libraries could write other bytes, and a batch that is sent again must have the same bytes.
 */
export type Prepared = { htmlAsText?: string | null };

/** Adds the plain text of the HTML to a campaign's content. Without `html`, the stored text is not changed. */
export function prepareHtml<Some extends { html?: string | null | undefined }>(
  content: Some,
): Some & Prepared {
  const { html } = content;
  if (html === undefined) return content;
  return { ...content, htmlAsText: html === null ? null : htmlAsText(html) };
}
