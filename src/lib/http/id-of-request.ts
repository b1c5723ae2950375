import { createHash, randomUUID } from "node:crypto";
import type { Requester } from "#lib/http/route.ts";

/**
 * The id of the row that a request makes. Requests of one requester with the same `Idempotency-Key` get the same id, so
 * the second one finds the row of the first.
 */
export function idOfRequest(kind: string, { id }: Pick<Requester, "id">, key: string | undefined): string {
  if (key === undefined) return randomUUID();
  const hash = createHash("sha256")
    .update(JSON.stringify([kind, id, key]))
    .digest("hex");
  // A UUID of version 8 (RFC 9562): all bits except version and variant may have any value.
  return hash.slice(0, 32).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, "$1-$2-8$3-8$4-$5");
}
