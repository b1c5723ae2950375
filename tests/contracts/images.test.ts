/**
 * The contract of every image provider: the fake of the tests, the stand-in of the local stack, and the real service
 * when CONTRACT_IMAGES_BASE_URL names it (https://image.pollinations.ai; add CONTRACT_IMAGES_API_KEY for
 * https://gen.pollinations.ai):
 *
 *   CONTRACT_IMAGES_BASE_URL=https://image.pollinations.ai npx vitest run tests/contracts/images
 */
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { pollinations } from "#images/pollinations.ts";
import type { ImageProvider } from "#images/provider.ts";
import { systemClock } from "#lib/clock.ts";
import { fakeImages } from "../fakes/images.ts";
import { imagesHouse } from "../support/images-house.ts";

const order = {
  taskId: "t1",
  prompt: "A lighthouse at sunset / 100 % & more?",
  seed: 7,
  width: 256,
  height: 192,
};

const standIn = imagesHouse({ failureRate: 0 });
const realUrl = process.env["CONTRACT_IMAGES_BASE_URL"];
const providers: Record<string, ImageProvider> = {
  fake: fakeImages(),
  "stand-in": standIn.provider(),
  "stand-in with a key": standIn.provider({ IMAGES_API_KEY: "sk_local" }),
  ...(realUrl && {
    real: pollinations({
      env: {
        IMAGES_BASE_URL: realUrl,
        IMAGES_API_KEY: process.env["CONTRACT_IMAGES_API_KEY"],
        IMAGES_TIMEOUT_MS: 55_000,
      },
      fetch,
      clock: systemClock,
    }),
  }),
};

describe.each(Object.entries(providers))("%s", (_name, provider) => {
  test("S1-8: a prompt becomes a picture of the requested size", async () => {
    const picture = await provider.draw(order);
    const { width, height, format } = await sharp(picture.bytes).metadata();
    expect({ width, height }).toEqual({ width: 256, height: 192 });
    expect(picture.contentType).toBe(`image/${format}`);
  });

  test("the same request gives the same picture, another seed another one", {
    timeout: 180_000,
  }, async () => {
    const [one, again, other] = [
      await provider.draw(order),
      await provider.draw({ ...order, taskId: "t2" }),
      await provider.draw({ ...order, seed: 8 }),
    ];
    expect(again.bytes).toEqual(one.bytes);
    expect(other.bytes).not.toEqual(one.bytes);
  });
});
