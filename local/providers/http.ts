import type { z } from "zod";

export const json = (status: number, body: unknown, headers?: Record<string, string>): Response =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });

/** The body when it fits the schema; otherwise an answer that says what is wrong with the body. */
export async function parseBody<T>(request: Request, schema: z.ZodType<T>): Promise<T | Response> {
  // A page of another origin can send text/plain without permission, but not JSON, so the control API accepts only
  // JSON.
  if (!request.headers.get("content-type")?.startsWith("application/json")) {
    return json(415, { error: "Send JSON with content-type: application/json." });
  }
  let body: unknown;
  try {
    body = await request.json();
  } catch {
    return json(400, { error: "The body is not JSON." });
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const details = parsed.error.issues.map((issue) => `${issue.path.join(".") || "body"}: ${issue.message}`);
  return json(400, { error: details.join("; ") });
}
