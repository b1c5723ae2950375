import { AppError, type ErrorCode } from "#lib/errors.ts";

/**
 * Returns the result of the work, or throws this error when it takes too long. The work itself is not stopped, but its
 * result is ignored.
 */
export async function withTimeout<T>(work: Promise<T>, ms: number, code: ErrorCode): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new AppError(code, `No answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
