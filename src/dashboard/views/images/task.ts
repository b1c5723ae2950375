/** An image task as the page reads it. */
export type ImageTask = {
  id: string;
  revision: number;
  lane: string;
  prompt: string;
  status: "pending" | "processing" | "waiting" | "completed" | "failed" | "canceled" | "skipped";
  /** The status, or "canceling" while a canceled picture is still being drawn. */
  state: string;
  priority: number;
  sequence: number;
  dueAt: string;
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

/** How a lane is doing. */
export type LaneStats = {
  lane: string;
  atOnce: number;
  capacity: number;
  waiting: number;
  processing: number;
  retrying: number;
  completed: number;
  failed: number;
  canceled: number;
  /** 0 to 1; null while nothing has ended. */
  successRate: number | null;
  averageMs: number | null;
};
