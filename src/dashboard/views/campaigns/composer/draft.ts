import type { Campaign } from "#dashboard/types.ts";

/** What is written in the composer; an empty text is no text. */
export type Draft = Record<"name" | "listId" | "subject" | "from" | "replyTo" | "html" | "text", string>;
/** The fields that merge fields can be inserted into. */
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

/** A new campaign as the API takes it: it knows no empty fields. */
export const contentOf = (draft: Draft) =>
  Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== ""));

/** Changes of a campaign as the API takes them: null removes a field. */
export const changesOf = ({ html, text, replyTo, name, ...rest }: Draft) => ({
  ...rest,
  ...(name !== "" && { name }),
  html: html || null,
  text: text || null,
  replyTo: replyTo || null,
});
