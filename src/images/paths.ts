/** Where a task's files lie in Storage: an attempt made again writes the same file again. */
export const picturePath = (taskId: string): string => `tasks/${taskId}/picture`;
export const thumbnailPath = (taskId: string): string => `tasks/${taskId}/thumbnail`;

/** Where the API gives them out. */
export const pictureUrl = (taskId: string): string => `/api/tasks/${taskId}/image`;
export const thumbnailUrl = (taskId: string): string => `/api/tasks/${taskId}/thumbnail`;
