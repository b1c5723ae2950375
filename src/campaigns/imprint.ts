import { z } from "zod";
import type { Env } from "#lib/env.ts";
import { AppError } from "#lib/errors.ts";
import { createUnsubscribeLinks } from "#mail/unsubscribe-links.ts";

/**
 * What every broadcast must contain by law: the sender's postal address, and a link to unsubscribe. The imprint is
 * stored with the campaign, so that a retry renders the same bytes after the configuration has changed.
 */
export const imprint = z.object({
  postalAddress: z.string(),
  /** The address with which the campaign's links begin: `https://example.com/l/`. */
  linkBase: z.string(),
  /** The key that signs the campaign's links. */
  linkKeyId: z.string(),
});
export type Imprint = z.output<typeof imprint>;

/** Throws when the configuration lacks what the law demands of a broadcast. */
export function readImprint(env: Pick<Env, "POSTAL_ADDRESS" | "URL" | "LINK_SECRET">): Imprint {
  const { POSTAL_ADDRESS: postalAddress, URL: site } = env;
  const { newestKeyId: linkKeyId } = createUnsubscribeLinks(env.LINK_SECRET);
  if (postalAddress !== undefined && site !== undefined && linkKeyId !== undefined)
    return { postalAddress, linkBase: `${site.replace(/\/$/, "")}/l/`, linkKeyId };
  const missing = Object.entries({ POSTAL_ADDRESS: postalAddress, URL: site, LINK_SECRET: linkKeyId })
    .flatMap(([name, value]) => (value === undefined ? [name] : []))
    .join(", ");
  throw new AppError("not_configured", `A broadcast needs ${missing}`, {
    hint: "Every broadcast must contain the sender's postal address and a link to unsubscribe: set POSTAL_ADDRESS to the address, and see docs/mail.md.",
  });
}
