import { z } from "zod";
import type { ImportRepository } from "#imports/repository.ts";
import { AppError, codeOf, type ErrorCode } from "#lib/errors.ts";

/**
 * Errors that the file, its address or its owner causes. They end the import, because an operator cannot correct them.
 */
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

/** The code of an error in `FAULTS`, even after the error has passed through the engine. */
export function faultOf(error: unknown): ErrorCode | undefined {
  const code = codeOf(error);
  return code !== undefined && FAULTS.has(code) ? code : undefined;
}

/**
 * Runs the work. When the file or its owner caused the error (`FAULTS`), the import fails. The error is thrown again in
 * any case, so that the engine handles it.
 */
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
