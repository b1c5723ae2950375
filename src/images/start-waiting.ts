import type { ImageRepository } from "#images/repository.ts";
import type { Chore } from "#lib/housekeeping.ts";

type Dependencies = { images: Pick<ImageRepository, "startWaiting"> };

/** The net under the lanes: a place that became free without anybody noticing goes to the next in line. */
export const startWaiting = ({ images }: Dependencies): Chore => ({
  name: "lanes",
  async run() {
    return { started: await images.startWaiting() };
  },
});
