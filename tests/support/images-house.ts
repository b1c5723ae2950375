import { createImagesProvider } from "@nightshift/local/providers/images/provider.ts";
import type { Settings } from "@nightshift/local/providers/images/settings.ts";
import { pollinations } from "#images/pollinations.ts";
import { systemClock } from "#lib/clock.ts";

/** The stand-in for the image provider in this process, with the product's own adapter in front of it. */
export function imagesHouse(settings: Partial<Settings> = {}, clock = systemClock) {
  const service = createImagesProvider({ settings, clock });
  const fetch: typeof globalThis.fetch = (input, init) => service.fetch(new Request(input, init));
  return {
    service,
    provider: (
      env: { IMAGES_API_KEY?: string; IMAGES_TIMEOUT_MS?: number } = {},
      onHeaders?: (headers: Headers) => void,
    ) =>
      pollinations({
        env: {
          IMAGES_BASE_URL: "http://images.local/images",
          IMAGES_API_KEY: env.IMAGES_API_KEY,
          IMAGES_TIMEOUT_MS: env.IMAGES_TIMEOUT_MS ?? 45_000,
        },
        fetch,
        clock,
        ...(onHeaders && { onHeaders }),
      }),
    /** Reads or changes its settings: `control()`, `control("", { hold: true })`, `control("/release", {})`. */
    async control(path = "", body?: unknown) {
      const headers = { "content-type": "application/json" };
      const init = body === undefined ? {} : { method: "POST", headers, body: JSON.stringify(body) };
      const answer = await service.fetch(new Request(`http://images.local/_control/images${path}`, init));
      return answer.json();
    },
  };
}
