/**
 * The paths of a task's files in Storage. They are computed from the task's id, so that a repeated attempt writes the
 * same file.
 */
export const picturePath = (taskId: string): string => `tasks/${taskId}/picture`;
export const thumbnailPath = (taskId: string): string => `tasks/${taskId}/thumbnail`;

/** The address at which the API serves the picture. */
export const pictureUrl = (taskId: string): string => `/api/tasks/${taskId}/image`;
export const thumbnailUrl = (taskId: string): string => `/api/tasks/${taskId}/thumbnail`;
