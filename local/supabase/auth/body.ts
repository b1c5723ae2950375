import { z } from "zod";
import type { Ask } from "../http.ts";
import { AuthError } from "./errors.ts";

export const readBody = async <T>(ask: Ask, schema: z.ZodType<T>): Promise<T> => {
  let value: unknown;
  try {
    value = JSON.parse((await ask.text()) || "{}");
  } catch {
    throw new AuthError(400, "bad_json", "Could not parse request body as JSON");
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new AuthError(400, "validation_failed", z.prettifyError(parsed.error));
  return parsed.data;
};
