import type { DeliveryRepository } from "#deliveries/repository.ts";
import type { SecretBox } from "#deliveries/secrets.ts";
import { type Chore, eachOf } from "#lib/housekeeping.ts";

const BATCH = 100;

/** Plans a lane for each endpoint that has deliveries to send but no lane, or a lane that is too late. */
export const keepLanes = (deliveries: Pick<DeliveryRepository, "wake">): Chore => ({
  name: "webhook-lanes",
  run: async () => ({ woken: await deliveries.wake(BATCH) }),
});

const DELIVERIES = 500;

/** Fails the deliveries of disabled endpoints, and deletes deleted endpoints with their deliveries. */
export const clearEndpoints = (deliveries: Pick<DeliveryRepository, "clear">): Chore => ({
  name: "webhook-endpoints",
  canWait: true,
  async run(deadline) {
    let cleared = 0;
    let some: number;
    do {
      some = await deliveries.clear(DELIVERIES);
      cleared += some;
    } while (some > 0 && !deadline.isOver());
    return { cleared };
  },
});

/**
 * Secrets that an older key has encrypted are encrypted again with the newest key, each by itself, so that one that
 * cannot be decrypted does not stop the others. Throws an error that names the endpoints of those that failed.
 */
export const renewSecrets = (
  deliveries: Pick<DeliveryRepository, "secretsToRenew" | "replaceSecrets">,
  secrets: SecretBox,
): Chore => ({
  name: "webhook-secrets",
  async run(deadline) {
    const { newest } = secrets;
    if (newest === undefined) return { renewed: 0 };
    const old = (await deliveries.secretsToRenew(newest, BATCH)).flatMap(
      ({ endpointId, secret, oldSecret }) =>
        [secret, oldSecret].flatMap((from) =>
          from === null || from.startsWith(`${newest}.`) ? [] : [{ endpointId, from }],
        ),
    );
    const renewed = await eachOf(
      old,
      deadline,
      ({ endpointId }) => endpointId,
      async ({ endpointId, from }) => {
        const to = secrets.seal(endpointId, secrets.open(endpointId, from));
        await deliveries.replaceSecrets([{ endpointId, from, to }]);
        return true;
      },
    );
    return { renewed };
  },
});
