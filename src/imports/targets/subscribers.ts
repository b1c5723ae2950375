import { z } from "zod";
import type { Target } from "#imports/targets/target.ts";
import { ADDRESS_HINT, address } from "#imports/targets/values.ts";
import type { Json } from "#lib/database/database.types.ts";
import { safeNumber, text } from "#lib/http/fields.ts";

const MAX_FIELDS = 50;
const value = z.union([text(2_000), safeNumber, z.boolean(), z.null()], {
  error: "is no short text, number or boolean",
});
const fields = z.record(text(100), value);

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
  row: z.record(z.string(), z.unknown()).transform((values, context) => {
    const { email: given, ...rest } = values;
    const email = address.safeParse(given);
    if (!email.success) {
      context.addIssue({ code: "custom", path: ["email"], message: "is not an e-mail address" });
      return z.NEVER;
    }
    const parsed = fields.safeParse(rest);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      context.addIssue({
        code: "custom",
        path: issue?.path ?? [],
        message: "is not a field of at most 2,000 characters",
      });
      return z.NEVER;
    }
    if (Object.keys(rest).length > MAX_FIELDS) {
      context.addIssue({ code: "custom", message: `has more than ${MAX_FIELDS} fields` });
      return z.NEVER;
    }
    const columns: Record<string, Json> = { email: email.data, fields: parsed.data };
    return { key: email.data.toLowerCase(), columns };
  }),
};
