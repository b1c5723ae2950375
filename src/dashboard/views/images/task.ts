/** An image task as the page reads it. */
export type ImageTask = {
  id: string;
  lane: string;
  prompt: string;
  status: "pending" | "processing" | "waiting" | "completed" | "failed" | "canceled" | "skipped";
  priority: number;
  attempts: number;
  maxAttempts: number;
  retryAt: string | null;
  position: number | null;
  imageUrl: string | null;
  thumbnailUrl: string | null;
  error: { code: string; message: string } | null;
  createdAt: string;
  startedAt: string | null;
  completedAt: string | null;
  jobUrl: string;
};
