/** Where an upload's files lie in Storage. */
export const originalPath = (uploadId: string): string => `uploads/${uploadId}/original`;
export const uploadThumbnailPath = (uploadId: string): string => `uploads/${uploadId}/thumbnail`;

/** Where the API gives it out. */
export const uploadUrl = (uploadId: string): string => `/api/uploads/${uploadId}`;
