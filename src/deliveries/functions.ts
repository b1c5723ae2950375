import type { InngestFunction } from "inngest";
import { replayRepository } from "#deliveries/replay-repository.ts";
import { replayWebhooks } from "#deliveries/replay-webhooks.ts";
import { deliveryRepository } from "#deliveries/repository.ts";
import { createSecretBox } from "#deliveries/secrets.ts";
import { sendWebhook } from "#deliveries/send-webhook.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Env } from "#lib/env.ts";

type Dependencies = Omit<Parameters<typeof sendWebhook>[0], "deliveries" | "secrets"> &
  Omit<Parameters<typeof replayWebhooks>[0], "replays"> & {
    env: Pick<Env, "WEBHOOK_KEYS">;
    db: DatabaseClient;
  };

export function deliveryFunctions({ env, db, ...deps }: Dependencies): InngestFunction.Any[] {
  const deliveries = deliveryRepository(db, deps.clock);
  return [
    sendWebhook({ ...deps, deliveries, secrets: createSecretBox(env.WEBHOOK_KEYS) }),
    replayWebhooks({ ...deps, replays: replayRepository(db, deps.clock) }),
  ];
}
