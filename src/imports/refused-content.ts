import { z } from "zod";

/**
 * The database refuses the content of a value: it cannot be stored (class 22), a constraint refuses it (23), or it is
 * too large (54).
 */
export const isAboutContent = (error: unknown): boolean =>
  /^(?:22|23|54)/.test(databaseError.safeParse(error).data?.cause.code ?? "");
const databaseError = z.object({ cause: z.object({ code: z.string() }) });
