import type { ImageRepository } from "#images/repository.ts";
import type { Chore } from "#lib/housekeeping.ts";

type Dependencies = { images: Pick<ImageRepository, "startWaiting"> };

/** A safety net for the lanes: starts the next task when an earlier start was missed. */
export const startWaiting = ({ images }: Dependencies): Chore => ({
  name: "lanes",
  async run() {
    return { started: await images.startWaiting() };
  },
});
