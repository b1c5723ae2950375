import { z } from "zod";

/** Environment variables that hold several values, separated by commas. */

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

/** The secrets of Supabase Auth's hooks, written as Supabase does: `v1,whsec_<Base64>|v1,whsec_<Base64>`. */
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
