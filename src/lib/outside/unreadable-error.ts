import type { z } from "zod";
import { AppError } from "#lib/errors.ts";

/** The error for a webhook or an object that does not fit its schema. The message names the first wrong field. */
export function unreadableError(what: string, error: z.ZodError): AppError {
  const field = error.issues[0]?.path.join(".") || "body";
  const message = `${what} cannot be read: its field "${field}" is missing or not valid`;
  return new AppError("invalid_request", message, { cause: error });
}
