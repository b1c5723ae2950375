import { z } from "zod";
import type { Target } from "#imports/targets/target.ts";
import { ADDRESS_HINT, address, given, optionalText } from "#imports/targets/values.ts";

/** People and companies that the owner knows. */
export const contacts: Target = {
  name: "contacts",
  title: "Contacts",
  fields: [
    {
      name: "email",
      required: true,
      aliases: ["E-Mail", "Email address", "Mail", "E-Mail-Adresse"],
      hint: ADDRESS_HINT,
    },
    { name: "name", aliases: ["Full name", "Contact", "Person"] },
    { name: "phone", aliases: ["Telephone", "Phone number", "Mobile", "Tel"] },
    { name: "company", aliases: ["Organization", "Organisation", "Firm"] },
    { name: "note", aliases: ["Notes", "Comment", "Remarks"] },
  ],
  isOpen: false,
  options: z.strictObject({}),
  merge: "upsert",
  absent: "keep",
  row: z
    .object({
      email: address,
      name: optionalText(200),
      phone: optionalText(50),
      company: optionalText(200),
      note: optionalText(2_000),
    })
    .transform((row) => ({ key: row.email.toLowerCase(), columns: given(row) })),
};
