import type { EventPayload } from "inngest";
import { z } from "zod";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { withTimeout } from "#lib/timeout.ts";

/** The properties of the client that its own `send` uses for a request. */
export type EventClient = Pick<InngestClient, "eventBaseUrl" | "eventKey" | "fetch" | "headers">;

const taken = z.object({ status: z.literal(200) });

/**
 * Sends events in one request, and returns the HTTP status of the engine's answer: 200 when the engine has all events,
 * 503 when no whole answer comes within `timeoutMs`, 502 when the answer cannot be read. Never throws. `inngest.send` sends
 * every failed request five times, even a refused one, and its error does not carry the status.
 */
export async function postEvents(
  inngest: EventClient,
  events: readonly EventPayload[],
  timeoutMs: number,
): Promise<number> {
  const url = new URL(`e/${inngest.eventKey ?? "NO_EVENT_KEY_SET"}`, inngest.eventBaseUrl).href;
  const init = { method: "POST", headers: inngest.headers, body: JSON.stringify(events) };
  const post = async (): Promise<number> => {
    const answer = await inngest.fetch(url, init);
    if (!answer.ok) return answer.status;
    const body: unknown = await answer.json().catch(() => undefined);
    return taken.safeParse(body).success ? 200 : 502;
  };
  try {
    return await withTimeout(post(), timeoutMs, "engine_unavailable");
  } catch {
    return 503;
  }
}
