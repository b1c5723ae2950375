import type { Metadata, Sharp } from "sharp";
import { AppError } from "#lib/errors.ts";
import { type Picture, pictureTypeOf } from "#lib/pictures/kind.ts";

export type Box = { width: number; height: number };
export type Thumbnail = Picture & Box;

export const THUMBNAIL_BOX: Box = { width: 800, height: 800 };

/** A picture of 50 megapixels takes 200 MB when it is decoded, a fifth of what a function has. */
const MAX_PIXELS = 50_000_000;

/**
 * The picture made to fit into the box, upright as its camera meant it, as WebP and without its metadata (which may
 * say where somebody lives). A smaller picture stays as small as it is.
 */
export const thumbnail = (bytes: Uint8Array, box = THUMBNAIL_BOX): Promise<Thumbnail> =>
  decode(bytes, async (picture) => {
    const { data, info } = await picture
      .autoOrient()
      .resize({ ...box, fit: "inside", withoutEnlargement: true })
      .webp({ quality: 82 })
      .toBuffer({ resolveWithObject: true });
    return { bytes: data, contentType: "image/webp", width: info.width, height: info.height };
  });

/**
 * The same picture without what its camera wrote into it: place, time, serial number, comments. One that has none of
 * these stays as it is, byte for byte; a PNG loses nothing of its pixels, a JPEG or WebP as little as quality 95 does.
 */
export const withoutMetadata = (bytes: Uint8Array): Promise<Uint8Array> =>
  decode(bytes, async (picture, { exif, xmp, iptc, comments, format }) => {
    if ([exif, xmp, iptc, comments].every((one) => one === undefined || one.length === 0)) return bytes;
    const upright = picture.autoOrient().keepIccProfile();
    if (format === "png") return upright.png().toBuffer();
    return format === "webp"
      ? upright.webp({ quality: 95 }).toBuffer()
      : upright.jpeg({ quality: 95, chromaSubsampling: "4:4:4" }).toBuffer();
  });

/** Hands a picture that may be decoded to the work; one that is none, or too large for our memory, is refused. */
async function decode<T>(
  bytes: Uint8Array,
  work: (picture: Sharp, facts: Metadata) => Promise<T>,
): Promise<T> {
  if (pictureTypeOf(bytes) === undefined) throw unreadable("The bytes are no PNG, JPEG or WebP");
  // Only work on pictures pays for loading the library.
  const { default: sharp } = await import("sharp");
  try {
    // Reads what the picture says of itself, and decodes nothing yet.
    const facts = await sharp(bytes, { limitInputPixels: false }).metadata();
    if (facts.width * facts.height > MAX_PIXELS) throw tooManyPixels(facts.width, facts.height);
    return await work(sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: "error" }), facts);
  } catch (cause) {
    throw cause instanceof AppError ? cause : unreadable("The picture is damaged", cause);
  }
}

const unreadable = (message: string, cause?: unknown) =>
  new AppError("invalid_picture", message, cause === undefined ? {} : { cause });

const tooManyPixels = (width: number, height: number) =>
  new AppError("invalid_picture", `The picture has ${width}×${height} pixels`, {
    hint: `At most ${MAX_PIXELS / 1_000_000} megapixels are decoded: send a smaller picture.`,
  });
