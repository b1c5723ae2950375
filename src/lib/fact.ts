import type { z } from "zod";

/**
 * Something that happened in a room and that other software may want to know. The room publishes it in SQL, in the
 * transaction that makes it true: `perform private.publish_fact('report.ready', owner, key, data, now)`. The catalog of
 * webhooks shows it.
 */
export type Fact = {
  /** Subject and verb: `report.ready`. */
  type: string;
  /** When it happens, in one sentence. */
  summary: string;
  /** The schema of the data: ids and figures. Receivers ask the API for more. */
  schema: z.ZodType;
  example: unknown;
};

/** Declares a fact, and checks that its example fits its schema. */
export const fact = <Data>(one: {
  type: string;
  summary: string;
  schema: z.ZodType<Data>;
  example: NoInfer<Data>;
}): Fact => one;
