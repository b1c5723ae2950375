import { z } from "zod";

/** A value that Postgres cannot store (class 22), that a constraint refuses (23), or that is too large (54). */
export const isAboutContent = (error: unknown): boolean =>
  /^(?:22|23|54)/.test(databaseError.safeParse(error).data?.cause.code ?? "");
const databaseError = z.object({ cause: z.object({ code: z.string() }) });
