/** The paths of an upload's files in Storage. */
export const originalPath = (uploadId: string): string => `uploads/${uploadId}/original`;
export const uploadThumbnailPath = (uploadId: string): string => `uploads/${uploadId}/thumbnail`;

/** The address at which the API serves the upload. */
export const uploadUrl = (uploadId: string): string => `/api/uploads/${uploadId}`;
