import { domainToASCII, domainToUnicode } from "node:url";
import { z } from "zod";

/** The characters that RFC 5322 allows in a local part without quotes (`atext`). */
const LOCAL_PART = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/;
/**
 * A domain must match this before it is converted to ASCII, because the conversion silently drops invisible characters.
 */
const WRITTEN_DOMAIN = /^[\p{L}\p{M}\p{N}.。．｡-]+$/u;
const ASCII_LABEL = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
/** Control characters, bidi marks, zero-width characters and lone surrogates. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

const MAX_LOCAL_LENGTH = 64;
const MAX_ADDRESS_LENGTH = 254;
const MAX_LABEL_LENGTH = 63;
const MAX_NAME_LENGTH = 200;

/**
 * The address as it is stored, with its domain in ASCII and lower case. Undefined when the address cannot receive mail.
 */
export function normalizeAddress(text: string): string | undefined {
  if (text.length > 2 * MAX_ADDRESS_LENGTH) return undefined;
  const at = text.lastIndexOf("@");
  const local = text.slice(0, Math.max(at, 0));
  const written = text.slice(at + 1);
  if (local.length > MAX_LOCAL_LENGTH || !LOCAL_PART.test(local)) return undefined;
  const domain = knownDomains.get(written) ?? normalizeDomain(written);
  if (domain === undefined) return undefined;
  // A cache is used, because the addresses of a file share few domains, and parsing a domain takes most of the time.
  if (knownDomains.size < MAX_KNOWN_DOMAINS) knownDomains.set(written, domain);
  const address = `${local}@${domain}`;
  return address.length <= MAX_ADDRESS_LENGTH ? address : undefined;
}

const knownDomains = new Map<string, string>();
const MAX_KNOWN_DOMAINS = 1_000;

function normalizeDomain(written: string): string | undefined {
  if (!WRITTEN_DOMAIN.test(written)) return undefined;
  const domain = domainToASCII(written);
  const labels = domain.split(".");
  const isDomain = labels.every(
    (label) => label.length <= MAX_LABEL_LENGTH && ASCII_LABEL.test(label) && !isBrokenPunycode(label),
  );
  // A domain whose last label is all digits is an IP address.
  return labels.length > 1 && isDomain && !/^\d+$/.test(labels.at(-1) ?? "") ? domain : undefined;
}

/** Node 26.10 accepts such a label and converts it to itself; older versions refuse its domain. */
const isBrokenPunycode = (label: string): boolean =>
  label.startsWith("xn--") && domainToUnicode(label) === label;

/**
 * The sender as it is stored: `ada@example.org` or `Ada <ada@example.org>`, with quotes around the name where it needs
 * them.
 */
export function normalizeMailbox(text: string): string | undefined {
  const trimmed = text.trim();
  const open = trimmed.endsWith(">") ? trimmed.lastIndexOf("<") : -1;
  if (open === -1) return normalizeAddress(trimmed);
  const name = unquoted(trimmed.slice(0, open).trim());
  const address = normalizeAddress(trimmed.slice(open + 1, -1));
  if (address === undefined || name === undefined) return undefined;
  return name === "" ? address : `${quoted(name)} <${address}>`;
}

/** Undefined when the meaning of the quoted name is not clear. */
function unquoted(name: string): string | undefined {
  if (name.length > MAX_NAME_LENGTH || INVISIBLE.test(name)) return undefined;
  const isQuoted = name.length > 1 && name.startsWith('"') && name.endsWith('"');
  const plain = isQuoted ? name.slice(1, -1).replace(/\\(.)/g, "$1") : name;
  return /[<>]/.test(plain) || (!isQuoted && plain.includes('"')) ? undefined : plain.trim();
}

const quoted = (name: string): string =>
  /[^\p{L}\p{M}\p{N} '!#$%&*+/=?^_`{|}~-]/u.test(name) ? `"${name.replace(/["\\]/g, "\\$&")}"` : name;

/** A schema for a string that is normalized before it is stored. */
const stored = (normalize: (text: string) => string | undefined, maxLength: number, error: string) =>
  z
    .string()
    .min(3, error)
    .max(maxLength)
    .transform((text, context) => {
      const address = normalize(text);
      if (address !== undefined) return address;
      context.addIssue({ code: "custom", message: error });
      return z.NEVER;
    });

/** The address of a recipient, without a name. */
export const address = stored(
  normalizeAddress,
  2 * MAX_ADDRESS_LENGTH,
  "must be an address like ada@example.com",
);

/** The address of a sender, or the address for replies. */
export const mailbox = stored(
  normalizeMailbox,
  MAX_NAME_LENGTH + MAX_ADDRESS_LENGTH,
  "must be an address like ada@example.com, or a name and an <address>",
);
