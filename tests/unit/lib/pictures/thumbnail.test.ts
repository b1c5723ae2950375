import { crc32 } from "node:zlib";
import sharp, { type Sharp } from "sharp";
import { describe, expect, test } from "vitest";
import { pictureTypeOf } from "#lib/pictures/kind.ts";
import { thumbnail, withoutMetadata } from "#lib/pictures/thumbnail.ts";

const flat = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: "#3a6ea5" } });

/** A small PNG whose header claims a larger size, as a decompression bomb does. */
async function claiming(width: number, height: number): Promise<Buffer> {
  const png = await flat(8, 8).png().toBuffer();
  png.writeUInt32BE(width, 16);
  png.writeUInt32BE(height, 20);
  png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
  return png;
}

describe("a thumbnail", () => {
  test.each([
    ["landscape", 1600, 1200, 800, 600],
    ["portrait", 500, 2000, 200, 800],
    ["small: never made larger", 40, 30, 40, 30],
  ])("S2-5: fits into 800×800: %s", async (_name, width, height, smallWidth, smallHeight) => {
    const small = await thumbnail(await flat(width, height).png().toBuffer());
    expect(small).toMatchObject({ contentType: "image/webp", width: smallWidth, height: smallHeight });
    expect(await sharp(small.bytes).metadata()).toMatchObject({
      format: "webp",
      width: smallWidth,
      height: smallHeight,
    });
  });

  test("S3-6: fits into another box when asked", async () => {
    expect(
      await thumbnail(await flat(1000, 1000).png().toBuffer(), { width: 800, height: 600 }),
    ).toMatchObject({
      width: 600,
      height: 600,
    });
  });

  test("is rotated as the camera says, and has no metadata", async () => {
    const sideways = await flat(400, 200)
      .withExif({ IFD0: { Artist: "Ada" }, IFD3: { GPSLatitude: "51/1 30/1 0/1" } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    expect((await sharp(sideways).metadata()).exif).toBeDefined();
    const small = await thumbnail(sideways);
    expect(small).toMatchObject({ width: 200, height: 400 });
    const { exif, orientation } = await sharp(small.bytes).metadata();
    expect({ exif, orientation }).toEqual({ exif: undefined, orientation: undefined });
  });

  test("keeps transparency", async () => {
    const glass = sharp({ create: { width: 20, height: 20, channels: 4, background: "#ff000080" } });
    const small = await thumbnail(await glass.png().toBuffer());
    expect((await sharp(small.bytes).metadata()).hasAlpha).toBe(true);
  });
});

describe("a file that is refused for good, with the reason", () => {
  const whole = () => flat(64, 64).png().toBuffer();
  test.each([
    ["nothing", async () => Buffer.alloc(0), /no PNG, JPEG or WebP/],
    ["text", async () => Buffer.from("hello"), /no PNG, JPEG or WebP/],
    [
      "an SVG, which could load others",
      async () => Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>"),
      /no PNG/,
    ],
    ["a GIF", () => flat(8, 8).gif().toBuffer(), /no PNG, JPEG or WebP/],
    ["half a picture", async () => (await whole()).subarray(0, 100), /damaged/],
    [
      "a picture's first bytes before rubbish",
      async () => Buffer.concat([(await whole()).subarray(0, 20), Buffer.alloc(500, 7)]),
      /damaged/,
    ],
    ["a decompression bomb", () => claiming(60_000, 60_000), /60000×60000 pixels/],
    ["a picture just too large", () => claiming(10_000, 5_001), /10000×5001 pixels/],
  ])("%s", async (_name, make, message) => {
    await expect(make().then((bytes) => thumbnail(bytes))).rejects.toMatchObject({
      code: "invalid_picture",
      message: expect.stringMatching(message),
    });
  });
});

describe("the removal of metadata from an animation", () => {
  const camera = { IFD0: { Make: "Camera" } };
  /** Three frames of 40×20 pixels, as WebP. */
  async function animation(): Promise<Sharp> {
    const frames = ["red", "lime", "blue"].map((background) =>
      sharp({ create: { width: 40, height: 20, channels: 3, background } })
        .png()
        .toBuffer(),
    );
    return sharp(await Promise.all(frames), { join: { animated: true } }).webp({
      delay: [70, 80, 90],
      loop: 2,
    });
  }
  /** An animated PNG has this chunk before its pixels. */
  function animated(png: Buffer): Buffer {
    const chunk = Buffer.from("\0\0\0\x08acTL\0\0\0\x01\0\0\0\0\0\0\0\0", "latin1");
    chunk.writeUInt32BE(crc32(chunk.subarray(4, 16)), 16);
    return Buffer.concat([png.subarray(0, 33), chunk, png.subarray(33)]);
  }

  test.each([1, 6])("keeps the frames and their times, with orientation %i", async (orientation) => {
    const taken = await (await animation()).withExif(camera).withMetadata({ orientation }).toBuffer();
    expect(await sharp(taken).metadata()).toMatchObject({ pages: 3, orientation });
    const facts = await sharp(await withoutMetadata(taken)).metadata();
    expect(facts).toMatchObject({ pages: 3, width: 40, height: 20, delay: [70, 80, 90], loop: 2 });
    expect(facts.exif).toBeUndefined();
  });

  test("is refused when all frames together have too many pixels", async () => {
    const large = await (await animation()).withExif(camera).toBuffer();
    // The size that the header claims, minus one.
    large.writeUIntLE(8_000 - 1, 24, 3);
    large.writeUIntLE(4_000 - 1, 27, 3);
    await expect(withoutMetadata(large)).rejects.toMatchObject({
      code: "invalid_picture",
      message: "The picture has 3 frames of 8000×4000 pixels",
    });
  });

  test("is refused for a PNG, because its frames would be lost", async () => {
    const taken = animated(await flat(8, 8).withExif(camera).png().toBuffer());
    await expect(withoutMetadata(taken)).rejects.toMatchObject({
      code: "invalid_picture",
      message: "The metadata of an animated PNG cannot be removed",
    });
  });

  test("changes nothing when there is none", async () => {
    const plain = [await (await animation()).toBuffer(), animated(await flat(8, 8).png().toBuffer())];
    for (const bytes of plain) expect(await withoutMetadata(bytes)).toBe(bytes);
  });
});

test("the type of a picture is detected from its bytes", async () => {
  const kinds = await Promise.all(
    (["png", "jpeg", "webp", "gif", "avif"] as const).map(async (format) =>
      pictureTypeOf(await flat(4, 4).toFormat(format).toBuffer()),
    ),
  );
  expect(kinds).toEqual(["image/png", "image/jpeg", "image/webp", undefined, undefined]);
});
