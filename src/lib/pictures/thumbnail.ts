import type { Metadata, Sharp } from "sharp";
import { AppError } from "#lib/errors.ts";
import { type Picture, pictureTypeOf } from "#lib/pictures/kind.ts";

export type Box = { width: number; height: number };
export type Thumbnail = Picture & Box;

export const THUMBNAIL_BOX: Box = { width: 800, height: 800 };

/** A decoded image of 50 megapixels takes 200 MB, a fifth of a function's memory. */
const MAX_PIXELS = 50_000_000;

/**
 * The image as WebP, scaled down to fit the box, rotated as its camera recorded, and without its metadata (which may
 * say where a person lives). A smaller image keeps its size.
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
 * Removes the camera's metadata from an image: place, time, serial number, comments. An image without metadata keeps its
 * bytes. A PNG keeps its pixels exactly; a JPEG or WebP is encoded again with quality 95. An animated WebP keeps its
 * frames; an animated PNG is refused, because sharp reads only its first frame.
 */
export const withoutMetadata = (bytes: Uint8Array): Promise<Uint8Array> =>
  decode(
    bytes,
    async (picture, { exif, xmp, iptc, comments, format, width, height, pages = 1 }) => {
      if ([exif, xmp, iptc, comments].every((one) => one === undefined || one.length === 0)) return bytes;
      if (width * height * pages > MAX_PIXELS) throw tooManyPixels(width, height, pages);
      if (isAnimatedPng(bytes)) throw animatedPng();
      // sharp cannot rotate frames.
      const upright = (pages > 1 ? picture : picture.autoOrient()).keepIccProfile();
      if (format === "png") return upright.png().toBuffer();
      return format === "webp"
        ? upright.webp({ quality: 95 }).toBuffer()
        : upright.jpeg({ quality: 95, chromaSubsampling: "4:4:4" }).toBuffer();
    },
    { animated: true },
  );

/** An animated PNG has an `acTL` chunk before its pixels. */
function isAnimatedPng(bytes: Uint8Array): boolean {
  if (pictureTypeOf(bytes) !== "image/png") return false;
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return file.subarray(0, file.indexOf("IDAT")).includes("acTL");
}

/**
 * Runs `work` on an image that may be decoded. Refuses bytes that are no image, and images that are too large for our
 * memory. With `animated`, `work` gets all frames of an animation, and counts their pixels itself.
 */
async function decode<T>(
  bytes: Uint8Array,
  work: (picture: Sharp, facts: Metadata) => Promise<T>,
  { animated = false } = {},
): Promise<T> {
  if (pictureTypeOf(bytes) === undefined) throw unreadable("The bytes are no PNG, JPEG or WebP");
  // sharp is imported only when an image is processed, because loading it is slow.
  const { default: sharp } = await import("sharp");
  try {
    // Reads only the image's header; nothing is decoded yet.
    const facts = await sharp(bytes, { limitInputPixels: false }).metadata();
    if (facts.width * facts.height > MAX_PIXELS) throw tooManyPixels(facts.width, facts.height);
    return await work(sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: "error", animated }), facts);
  } catch (cause) {
    throw cause instanceof AppError ? cause : unreadable("The picture is damaged", cause);
  }
}

const unreadable = (message: string, cause?: unknown) =>
  new AppError("invalid_picture", message, cause === undefined ? {} : { cause });

const animatedPng = () =>
  new AppError("invalid_picture", "The metadata of an animated PNG cannot be removed", {
    hint: "Send the animation without metadata, or as WebP.",
  });

const tooManyPixels = (width: number, height: number, pages = 1) =>
  new AppError("invalid_picture", `The picture has ${framesOf(pages)}${width}×${height} pixels`, {
    hint: `At most ${MAX_PIXELS / 1_000_000} megapixels are decoded: send a smaller picture.`,
  });

const framesOf = (pages: number) => (pages === 1 ? "" : `${pages} frames of `);
