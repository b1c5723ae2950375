import type { InngestFunction } from "inngest";
import type { OnFailure } from "#dead-letters/on-failure.ts";
import { generateImage } from "#images/generate-image.ts";
import { rateKeyOf } from "#images/lanes.ts";
import { pollinations } from "#images/pollinations.ts";
import type { ImageProvider } from "#images/provider.ts";
import { imageRepository } from "#images/repository.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Storage } from "#lib/database/storage.ts";
import type { Tokens } from "#lib/database/tokens.ts";
import type { FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import type { Env } from "#lib/env.ts";

export type ImageFunctionsRoom = {
  env: Env;
  inngest: InngestClient;
  db: DatabaseClient;
  clock: Clock;
  fetch: typeof globalThis.fetch;
  storage: Storage;
  tokens: Tokens;
  flow: FlowControl;
  onFailure: OnFailure;
};

/** The time that our own calls need in addition to the provider's time limit. */
const LEASE_MARGIN_MS = 5_000;

export const imageFunctions = (
  { env, db, fetch, tokens, ...room }: ImageFunctionsRoom,
  provider: ImageProvider = theProvider({ env, fetch, tokens, clock: room.clock }),
): InngestFunction.Any[] => [
  generateImage({
    ...room,
    images: imageRepository(db, room.clock),
    provider,
    leaseMs: env.IMAGES_TIMEOUT_MS + LEASE_MARGIN_MS,
    size: env.IMAGES_SIZE,
  }),
];

const theProvider = ({
  env,
  fetch,
  clock,
  tokens,
}: Pick<ImageFunctionsRoom, "env" | "fetch" | "clock" | "tokens">) =>
  pollinations({
    env,
    fetch,
    clock,
    onHeaders: (headers) => tokens.learn(rateKeyOf("pollinations"), headers),
  });
