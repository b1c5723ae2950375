import type { DeliveryRepository } from "#deliveries/repository.ts";
import type { SecretBox } from "#deliveries/secrets.ts";
import type { Chore } from "#lib/housekeeping.ts";

const BATCH = 100;

/** Plans a lane for each endpoint that has deliveries to send but no lane. */
export const keepLanes = (deliveries: Pick<DeliveryRepository, "wake">): Chore => ({
  name: "webhook-lanes",
  run: async () => ({ woken: await deliveries.wake(BATCH) }),
});

/** Secrets that an older key has encrypted are encrypted again with the newest key. */
export const renewSecrets = (
  deliveries: Pick<DeliveryRepository, "oldSecrets" | "replaceSecrets">,
  secrets: SecretBox,
): Chore => ({
  name: "webhook-secrets",
  async run() {
    if (secrets.newest === undefined) return { renewed: 0 };
    const old = await deliveries.oldSecrets(secrets.newest, BATCH);
    const renewed = old.flatMap(({ endpointId, secret, oldSecret }) =>
      [secret, oldSecret].flatMap((from) =>
        from === null
          ? []
          : [{ endpointId, from, to: secrets.seal(endpointId, secrets.open(endpointId, from)) }],
      ),
    );
    if (renewed.length > 0) await deliveries.replaceSecrets(renewed);
    return { renewed: old.length };
  },
});
