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
