import { z } from "zod";
import { normalizeAddress } from "#lib/email-address.ts";

/** A cell is text, but a JSON row may contain numbers. An empty cell means that there is no value. */
export const cell = (maxLength: number) =>
  z
    .union([z.string(), z.number(), z.boolean(), z.null()], { error: "is neither text nor a number" })
    .transform((value) => (value === null ? "" : String(value).trim()))
    .pipe(z.string().max(maxLength, `is longer than ${maxLength} characters`));

export const optionalText = (maxLength: number) =>
  cell(maxLength)
    .transform((text) => (text === "" ? null : text))
    .optional();

export const requiredText = (maxLength: number) => cell(maxLength).pipe(z.string().min(1, "is empty"));

export const address = z.string({ error: "is not an e-mail address" }).transform((text, context) => {
  const email = normalizeAddress(text.trim());
  if (email !== undefined) return email;
  context.addIssue({ code: "custom", message: "is not an e-mail address" });
  return z.NEVER;
});
export const ADDRESS_HINT = "Write one address like ada@example.com, without a name.";

/** A number as it is written in a file: 12, 12.5, or a JSON number. */
export const numberCell = (pattern: RegExp, error: string) =>
  cell(30)
    .refine((text) => text === "" || pattern.test(text), error)
    .transform((text) => (text === "" ? null : Number(text)))
    .optional();

/** Columns that the file does not have are left out, so that the row keeps its values. */
export const given = <Value>(columns: Record<string, Value | undefined>): Record<string, Value> => {
  const known: Record<string, Value> = {};
  for (const [name, value] of Object.entries(columns)) if (value !== undefined) known[name] = value;
  return known;
};
