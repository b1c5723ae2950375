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
export async function thumbnail(bytes: Uint8Array, box = THUMBNAIL_BOX): Promise<Thumbnail> {
  if (pictureTypeOf(bytes) === undefined) throw unreadable("The bytes are no PNG, JPEG or WebP");
  // Only who makes a thumbnail pays for loading the library.
  const { default: sharp } = await import("sharp");
  try {
    // Reads what the picture says of itself, and decodes nothing yet.
    const { width, height } = await sharp(bytes, { limitInputPixels: false }).metadata();
    if (width * height > MAX_PIXELS) throw tooManyPixels(width, height);
    const { data, info } = await sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: "error" })
      .autoOrient()
      .resize({ ...box, fit: "inside", withoutEnlargement: true })
      .webp({ quality: 82 })
      .toBuffer({ resolveWithObject: true });
    return { bytes: data, contentType: "image/webp", width: info.width, height: info.height };
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
