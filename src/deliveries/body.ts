import type { Due } from "#deliveries/rows.ts";

/** The body of a webhook, as the source documents describe it. It is the same for every attempt of a message. */
export const bodyOfMessage = ({ type, data, at }: Pick<Due, "type" | "data" | "at">): string =>
  JSON.stringify({ event: type, data, timestamp: new Date(at).toISOString() });
