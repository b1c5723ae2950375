import { z } from "zod";
import type { ImportRepository } from "#imports/repository.ts";
import { AppError, codeOf, type ErrorCode } from "#lib/errors.ts";

/** What the file, its address or its owner is at fault for: the import ends with it, and no operator can help. */
const FAULTS: ReadonlySet<ErrorCode> = new Set([
  "unreadable_table",
  "file_changed",
  "already_imported",
  "payload_too_large",
  "not_found",
  "invalid_request",
  "address_refused",
  "provider_rejected",
  "provider_answer_too_large",
]);

/** The code of such an error, here or after it has come through the engine. */
export function faultOf(error: unknown): ErrorCode | undefined {
  const code = codeOf(error);
  return code !== undefined && FAULTS.has(code) ? code : undefined;
}

/** Ends the import with a fault, which is thrown on; any other error is left to the engine. */
export async function failing<Result>(
  imports: Pick<ImportRepository, "fail">,
  importId: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError && faultOf(error)) {
      const { code, message, hint } = error;
      const details = z.json().catch(null).parse(error.details);
      await imports.fail(importId, { code, message, hint, details });
    }
    throw error;
  }
}
