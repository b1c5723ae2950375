import { z } from "zod";
import type { Target } from "#imports/targets/target.ts";
import { ADDRESS_HINT, address } from "#imports/targets/values.ts";
import type { Json } from "#lib/database/database.types.ts";

const MAX_FIELDS = 50;
const MAX_NAME_LENGTH = 100;
const MAX_TEXT_LENGTH = 2_000;

/** Fields are checked without a schema, because there may be millions of rows with fifty fields each. */
const isField = (name: string, value: unknown): value is string | number | boolean | null =>
  name.length <= MAX_NAME_LENGTH &&
  (typeof value === "string"
    ? value.length <= MAX_TEXT_LENGTH
    : value === null || typeof value === "boolean" || isNumber(value));
const isNumber = (value: unknown): value is number =>
  typeof value === "number" && Math.abs(value) <= Number.MAX_SAFE_INTEGER;

/**
 * Subscribers of a list: the address, and every other column as a merge field. A person who unsubscribed stays
 * unsubscribed.
 */
export const subscribers: Target = {
  name: "subscribers",
  title: "Subscribers of a list",
  fields: [
    {
      name: "email",
      required: true,
      aliases: ["E-Mail", "Email address", "Mail", "Address", "E-Mail-Adresse"],
      hint: ADDRESS_HINT,
    },
  ],
  isOpen: true,
  options: z.strictObject({ listId: z.uuid() }),
  merge: "upsert",
  absent: "keep",
  row: z.looseObject({ email: address }).transform(({ email, ...fields }, context) => {
    const checked: Record<string, Json> = {};
    let count = 0;
    for (const name in fields) {
      const value = fields[name];
      count += 1;
      if (isField(name, value) && count <= MAX_FIELDS) {
        checked[name] = value;
        continue;
      }
      const message =
        count > MAX_FIELDS
          ? `is one of more than ${MAX_FIELDS} fields`
          : `is no text of at most ${MAX_TEXT_LENGTH} characters, number or boolean`;
      context.addIssue({ code: "custom", path: [name], message });
      return z.NEVER;
    }
    return { key: email.toLowerCase(), columns: { email, fields: checked } };
  }),
};
