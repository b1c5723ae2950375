import { z } from "zod";
import type { Fact } from "#lib/fact.ts";

export const eventTypeView = z.object({
  type: z.string(),
  summary: z.string(),
  /** JSON Schema of the request's body. */
  schema: z.json(),
  /** An example of a whole body. */
  example: z.json(),
});

const EXAMPLE_TIME = "2026-11-01T09:00:00.000Z";

/** The facts of all rooms, described for receivers: the body of a request is `{event, data, timestamp}`. */
export const toCatalog = (facts: readonly Fact[]): z.output<typeof eventTypeView>[] =>
  facts.map(({ type, summary, schema, example }) => {
    const body = z.object({ event: z.literal(type), data: schema, timestamp: z.iso.datetime() });
    return {
      type,
      summary,
      schema: z.json().parse(z.toJSONSchema(body)),
      example: z.json().parse({ event: type, data: example, timestamp: EXAMPLE_TIME }),
    };
  });
