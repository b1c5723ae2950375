import { htmlAsText } from "#campaigns/html-as-text.ts";

/**
 * What is made from the author's HTML. It is made once, when the HTML is stored, and is frozen with the campaign: a
 * later version of the libraries could write other bytes, and a batch that is sent again must have the same bytes.
 */
export type Prepared = { htmlAsText?: string | null };

/** Adds to a campaign's content what is made from its HTML. Without `html`, what is stored stays as it is. */
export function prepareHtml<Some extends { html?: string | null | undefined }>(
  content: Some,
): Some & Prepared {
  const { html } = content;
  if (html === undefined) return content;
  return { ...content, htmlAsText: html === null ? null : htmlAsText(html) };
}
