import type { ImageRepository } from "#images/repository.ts";
import type { Chore } from "#lib/housekeeping.ts";

type Dependencies = { images: Pick<ImageRepository, "startWaiting"> };

/** Starts the next task of each lane when an earlier start was missed. */
export const startWaiting = ({ images }: Dependencies): Chore => ({
  name: "lanes",
  async run() {
    return { started: await images.startWaiting() };
  },
});
