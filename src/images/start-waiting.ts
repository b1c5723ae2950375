import type { ImageRepository } from "#images/repository.ts";
import type { Outbox } from "#jobs/outbox.ts";
import type { Chore } from "#lib/housekeeping.ts";

type Dependencies = { images: Pick<ImageRepository, "startWaiting">; outbox: Pick<Outbox, "flush"> };

/** The net under the lanes: a place that became free without anybody noticing goes to the next in line. */
export const startWaiting = ({ images, outbox }: Dependencies): Chore => ({
  name: "lanes",
  async run() {
    const started = await images.startWaiting();
    if (started > 0) await outbox.flush();
    return { started };
  },
});
