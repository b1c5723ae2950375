/** Where pictures lie in Storage. The path is the task's, so that an attempt made again writes the same file again. */
export const IMAGES_BUCKET = "images";

export const picturePath = (taskId: string): string => `tasks/${taskId}/picture`;
export const thumbnailPath = (taskId: string): string => `tasks/${taskId}/thumbnail`;

/** Where the API gives them out. */
export const pictureUrl = (taskId: string): string => `/api/tasks/${taskId}/image`;
export const thumbnailUrl = (taskId: string): string => `/api/tasks/${taskId}/thumbnail`;

/** Of an upload. */
export const originalPath = (uploadId: string): string => `uploads/${uploadId}/original`;
export const uploadThumbnailPath = (uploadId: string): string => `uploads/${uploadId}/thumbnail`;
export const uploadUrl = (uploadId: string): string => `/api/uploads/${uploadId}`;
