import { z } from "zod";
import { type Attempt, claimRow, deliveryRow, deliveryWithAttempts, endpointRow } from "#deliveries/rows.ts";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Json } from "#lib/database/database.types.ts";
import type { Position } from "#lib/http/pages.ts";

export type DeliveryRepository = ReturnType<typeof deliveryRepository>;

/** After this many failures without a success the breaker opens. */
const BREAKER_AFTER = 5;
/** When a run dies, its deliveries are free again after this time: the time of the longest batch, and a margin. */
const LEASE_MS = 60_000;

const ATTEMPTS_SHOWN = 50;

const oldSecret = z.object({ endpointId: z.uuid(), secret: z.string(), oldSecret: z.string().nullable() });

const toJson = (value: object): Json => z.json().parse(value);

/** Endpoints, and the deliveries that are sent to them. `owner: null` is an administrator. */
export function deliveryRepository(db: DatabaseClient, clock: Clock) {
  const { call, callTimeless } = createCall(db, clock);
  /**
   * Starts the lane for facts that were published while the endpoint was changed. If this fails, the change is stored
   * already, and the caller may repeat the request.
   */
  const thenStartLane = async <Endpoint extends { id: string }>(endpoint: Endpoint) => {
    await call("start_webhook_lane", { endpointId: endpoint.id });
    return endpoint;
  };
  return {
    /** Throws `conflict` when the owner has `limit` endpoints. */
    create: (endpoint: object, limit: number) =>
      call("create_webhook_endpoint", { endpoint: toJson(endpoint), limit }, endpointRow),

    /** Returns at most `limit` + 1 rows, newest first: the extra row shows that there is a next page. */
    list: (owner: string | null, limit: number, before?: Position) =>
      call(
        "list_webhook_endpoints",
        { owner, beforeAt: before?.at, beforeId: before?.id, limit: limit + 1 },
        endpointRow.array(),
      ),

    get: async (id: string, owner: string | null) =>
      (await call("get_webhook_endpoint", { id, owner }, endpointRow.array()))[0],

    change: async (id: string, owner: string | null, change: object) =>
      thenStartLane(
        await call("change_webhook_endpoint", { id, owner, change: toJson(change) }, endpointRow),
      ),

    delete: (id: string, owner: string | null) => call("delete_webhook_endpoint", { id, owner }),

    /**
     * Until `oldUntil`, messages are signed with the old secret, too. Throws `conflict` during an earlier overlap, unless
     * `oldUntil` is now.
     */
    rotate: (id: string, owner: string | null, secret: string, oldUntil: Date) =>
      call("rotate_webhook_secret", { id, owner, secret, oldUntil: oldUntil.toISOString() }, endpointRow),

    enable: async (id: string, owner: string | null) =>
      thenStartLane(await call("enable_webhook_endpoint", { id, owner }, endpointRow)),
    disable: (id: string, owner: string | null) =>
      call("disable_webhook_endpoint", { id, owner }, endpointRow),

    /** Claims the due deliveries of a lane; null when no delivery is due now. */
    claim: (endpointId: string, jobId: string, claimant: string, limit: number) =>
      call(
        "claim_webhook_deliveries",
        { endpointId, jobId, claimant, limit, leaseMs: LEASE_MS, breakerAfter: BREAKER_AFTER },
        claimRow.nullable(),
      ),

    /** Records attempts, each once. Returns why these attempts have disabled the endpoint, or null. */
    settle: (endpointId: string, claimant: string, attempts: readonly Attempt[]) =>
      call(
        "settle_webhook_deliveries",
        { endpointId, claimant, attempts: [...attempts], breakerAfter: BREAKER_AFTER },
        z.enum(["gone", "failing"]).nullable(),
      ),

    /** The deliveries of an endpoint, newest first; one row more than `limit` when there is a next page. */
    log: (
      endpointId: string,
      owner: string | null,
      {
        status,
        limit,
        before,
      }: { status?: string | undefined; limit: number; before?: Position | undefined },
    ) =>
      callTimeless(
        "list_webhook_deliveries",
        { endpointId, owner, status, beforeAt: before?.at, beforeId: before?.id, limit: limit + 1 },
        deliveryRow.array(),
      ),

    delivery: async (id: string, owner: string | null) =>
      (
        await callTimeless(
          "get_webhook_delivery",
          { id, owner, limit: ATTEMPTS_SHOWN },
          deliveryWithAttempts.array(),
        )
      )[0],

    /** Attempts a delivery now, or at the end of the endpoint's pause; throws `conflict` while its endpoint is disabled. */
    resend: (id: string, owner: string | null) => call("resend_webhook_delivery", { id, owner }, deliveryRow),

    /**
     * Sends a message to this endpoint alone; `id` is the message's id. When the id is known, returns its delivery, or
     * throws `idempotency_conflict` when it belongs to another type or endpoint.
     */
    test: (
      endpointId: string,
      owner: string | null,
      id: string,
      { type, data }: { type: string; data: Json },
    ) => call("test_webhook_endpoint", { endpointId, owner, id, type, data }, deliveryRow),

    purge: (before: Date, limit: number) =>
      callTimeless("purge_webhook_messages", { before: before.toISOString(), limit }, z.number()),

    /**
     * Deletes replaced secrets that no longer sign. Returns the secrets of at most `limit` endpoints, in random order,
     * of which at least one is not encrypted with the key `keyName`.
     */
    secretsToRenew: (keyName: string, limit: number) =>
      call("secrets_to_renew", { keyName, limit }, oldSecret.array()),

    replaceSecrets: (secrets: { endpointId: string; from: string; to: string }[]) =>
      callTimeless("replace_webhook_secrets", { secrets }),

    /** Fails or deletes at most `limit` deliveries each of disabled and deleted endpoints; returns how many. */
    clear: (limit: number) => call("clear_webhook_endpoints", { limit }, z.number()),

    /** Plans lanes that are missing or too late; returns how many. */
    wake: (limit: number) => call("wake_webhook_lanes", { limit }, z.number()),
  };
}
