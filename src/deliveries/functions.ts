import type { InngestFunction } from "inngest";
import { deliveryRepository } from "#deliveries/repository.ts";
import { createSecretBox } from "#deliveries/secrets.ts";
import { sendWebhook } from "#deliveries/send-webhook.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Env } from "#lib/env.ts";

type Dependencies = Omit<Parameters<typeof sendWebhook>[0], "deliveries" | "secrets"> & {
  env: Pick<Env, "WEBHOOK_KEYS">;
  db: DatabaseClient;
};

export function deliveryFunctions({ env, db, ...deps }: Dependencies): InngestFunction.Any[] {
  const deliveries = deliveryRepository(db, deps.clock);
  return [sendWebhook({ ...deps, deliveries, secrets: createSecretBox(env.WEBHOOK_KEYS) })];
}
