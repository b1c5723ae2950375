import { z } from "zod";
import type { Ask } from "../http.ts";
import { StorageError } from "./errors.ts";

export const readJson = async <T>(ask: Ask, schema: z.ZodType<T>): Promise<T> => {
  let value: unknown;
  try {
    value = JSON.parse((await ask.text()) || "{}");
  } catch {
    throw new StorageError(400, "Error", "Body is not valid JSON");
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new StorageError(400, "Error", z.prettifyError(parsed.error));
  return parsed.data;
};
