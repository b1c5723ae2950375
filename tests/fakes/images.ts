import sharp from "sharp";
import type { ImageProvider } from "#images/provider.ts";

/** Draws plain pictures at once and never fails, for tests of other things. */
export const fakeImages = (): ImageProvider => ({
  name: "fake",
  async draw({ prompt, seed, width, height }) {
    const background = { r: (prompt.length * 37) % 256, g: (seed * 53) % 256, b: 120 };
    const bytes = await sharp({ create: { width, height, channels: 3, background } })
      .png()
      .toBuffer();
    return { bytes, contentType: "image/png" };
  },
});
