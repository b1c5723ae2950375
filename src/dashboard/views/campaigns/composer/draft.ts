import type { Campaign } from "#dashboard/types.ts";

/** The fields of the composer. An empty text counts as missing. */
export type Draft = Record<"name" | "listId" | "subject" | "from" | "replyTo" | "html" | "text", string>;
/** The fields into which merge fields can be inserted. */
export type Source = "subject" | "html" | "text";

export const draftOf = (campaign: Campaign | undefined): Draft => ({
  name: campaign?.name ?? "",
  listId: campaign?.listId ?? "",
  subject: campaign?.subject ?? "",
  from: campaign?.from ?? "",
  replyTo: campaign?.replyTo ?? "",
  html: campaign?.html ?? "",
  text: campaign?.text ?? "",
});

export const isEqual = (one: Draft, other: Draft): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Why an incomplete draft is not saved. */
export const REQUIRED = "a draft needs a list, a sender, a subject and a text";

/** Whether the draft has all fields that the API requires. */
export const isComplete = ({ listId, subject, from, html, text }: Draft): boolean =>
  listId !== "" && subject !== "" && from !== "" && (html !== "" || text !== "");

/** A new campaign for the API, which accepts no empty fields. */
export const contentOf = (draft: Draft) =>
  Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== ""));

/** The changes of a campaign for the API: null removes a field. */
export const changesOf = ({ html, text, replyTo, name, ...rest }: Draft) => ({
  ...rest,
  ...(name !== "" && { name }),
  html: html || null,
  text: text || null,
  replyTo: replyTo || null,
});
