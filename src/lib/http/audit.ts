import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Audit } from "#lib/http/router.ts";

export const createAudit =
  (db: DatabaseClient, clock: Clock): Audit =>
  (actor, action, target) =>
    createCall(db, clock).call("record_admin_action", { actor, action, target });
