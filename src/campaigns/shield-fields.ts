import { MERGE_FIELD } from "#mail/template.ts";

/** Two private characters of Unicode, which HTML and CSS keep as they are. */
const OPEN = "\u{F0000}";
const CLOSE = "\u{F0001}";
const MARK = /\u{F0000}(\d+)\u{F0001}/gu;

/**
 * Replaces the merge fields of an HTML text with marks, changes the text, and puts the fields back. A parser would
 * encode the characters of a field, or break its line at a space.
 */
export function withShieldedFields(html: string, change: (html: string) => string): string {
  /** Equal fields get equal marks. So when a link's text equals its address, the text and the address stay equal. */
  const marks = new Map<string, number>();
  const shielded = html.replace(MERGE_FIELD, (field, name: string) => {
    if (name.trim() === "") return field;
    const index = marks.get(field) ?? marks.size;
    marks.set(field, index);
    return `${OPEN}${index}${CLOSE}`;
  });
  const fields = [...marks.keys()];
  return change(shielded).replace(MARK, (mark, index: string) => fields[Number(index)] ?? mark);
}
