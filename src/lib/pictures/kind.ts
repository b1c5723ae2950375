/** An image of a type that every browser shows, held in memory as a whole. */
export type Picture = { bytes: Uint8Array; contentType: string };

/** The private bucket in Storage that holds every image. */
export const IMAGES_BUCKET = "images";

/** The types of images that are accepted and served. */
export const PICTURE_TYPES = ["image/png", "image/jpeg", "image/webp"] as const;
export type PictureType = (typeof PICTURE_TYPES)[number];

/** The first bytes of a file of each type; undefined matches any byte. */
const SIGNATURES: Record<PictureType, readonly (number | undefined)[]> = {
  "image/png": [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
  "image/jpeg": [0xff, 0xd8, 0xff],
  // "RIFF", four bytes of length, "WEBP".
  "image/webp": [0x52, 0x49, 0x46, 0x46, undefined, undefined, undefined, undefined, 0x57, 0x45, 0x42, 0x50],
};

/** Detects the type from the bytes; the content type that the sender gives is ignored. */
export const pictureTypeOf = (bytes: Uint8Array): PictureType | undefined =>
  PICTURE_TYPES.find((type) =>
    SIGNATURES[type].every((byte, index) => byte === undefined || bytes[index] === byte),
  );
