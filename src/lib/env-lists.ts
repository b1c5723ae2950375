import { z } from "zod";
import { secretKey } from "#lib/keys.ts";
import { isTimeZone } from "#lib/time-zone.ts";

/** Environment variables that contain more than one word: values separated by commas, or a time zone. */

export function listOf(text: string): string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/** Secrets, separated by commas. */
export const secrets = z
  .string()
  .default("")
  .transform((text) => listOf(text))
  .refine(
    (list) => list.every((secret) => secret.replace(/^whsec_/, "").length >= 8),
    "must be secrets of at least 8 characters, separated by commas",
  );

/** The secrets of Supabase Auth's hooks, in the format of Supabase: `v1,whsec_<Base64>|v1,whsec_<Base64>`. */
export const hookSecrets = z
  .string()
  .default("")
  .transform((text) =>
    text
      .split("|")
      .map((secret) => secret.trim().replace(/^v1,/, ""))
      .filter((secret) => secret !== ""),
  )
  .refine(
    (list) => list.every((secret) => /^whsec_[A-Za-z0-9+/]{32,}={0,2}$/.test(secret)),
    "must be v1,whsec_<Base64>, several separated by |",
  );

/** Repositories of GitHub, `owner/name`. */
export const repositories = z
  .string()
  .max(4000)
  .default("")
  .transform((text) => listOf(text))
  .refine(
    (names) => names.length <= 20 && names.every((name) => /^[\w.-]{1,100}\/[\w.-]{1,100}$/.test(name)),
    "must be at most 20 names such as owner/name, separated by commas",
  );

/** Paths of a site: `/pricing`. */
export const sitePaths = z
  .string()
  .max(4000)
  .default("")
  .transform((text) => listOf(text))
  .refine(
    (paths) => paths.every((path) => /^\/(?!\/)[\w/.~?&=%+-]*$/.test(path)),
    "must be paths such as /pricing, separated by commas",
  );

/** Mail addresses. */
export const addresses = z
  .string()
  .max(4000)
  .default("")
  .transform((text) => listOf(text))
  .refine(
    (list) => list.length <= 10 && list.every((address) => z.email().max(320).safeParse(address).success),
    "must be at most 10 addresses, separated by commas",
  );

/** `name=number` or `name=off`, separated by commas. "off" becomes null. */
export const thresholds = z
  .string()
  .max(4000)
  .default("")
  .transform((text, context): Record<string, number | null> => {
    const pairs = listOf(text).map((item) => /^([\w:.-]{1,100})=(off|\d{1,12}(?:\.\d{1,6})?)$/.exec(item));
    if (pairs.some((pair) => pair === null)) {
      context.addIssue({ code: "custom", message: "must be name=number or name=off, separated by commas" });
      return z.NEVER;
    }
    return Object.fromEntries(
      pairs.map((pair) => [pair?.[1] ?? "", pair?.[2] === "off" ? null : Number(pair?.[2])]),
    );
  });

export const timeZone = z
  .string()
  .refine(isTimeZone, "must be an IANA time zone, for instance Europe/Berlin");

/** Encryption keys, `<name>:<32 bytes as Base64>`, separated by commas. */
export const namedKeys = z
  .string()
  .default("")
  .transform((text, context) => {
    const keys = listOf(text).map(secretKey);
    if (keys.every((key) => key !== undefined)) return keys;
    context.addIssue({
      code: "custom",
      message: "must be <name>:<32 bytes as Base64>, separated by commas",
    });
    return z.NEVER;
  });
