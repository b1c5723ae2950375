/**
 * The API's answers, as far as the client uses them. They are written by hand instead of derived from the server's
 * schemas, so that the package has no dependencies; tests/unit/client/types.test.ts checks that both agree.
 */

export type JobStatus = "queued" | "running" | "completed" | "failed" | "canceled" | "skipped";
/** 1 is critical, 5 background. */
export type Priority = 1 | 2 | 3 | 4 | 5;

export type JobView = {
  id: string;
  kind: string;
  function: string;
  event: string;
  /** What the job is about, such as a campaign's name. Null when its kind names none. */
  subject: string | null;
  status: JobStatus;
  state: JobStatus;
  /** Grows with every change of state: of two views of a job, the one with the higher revision is newer. */
  revision: number;
  requester: string;
  owner: string | null;
  progress: { done: number; total: number; percent: number } | null;
  result: unknown;
  error: unknown;
  priority: Priority;
  createdAt: string;
  dueAt: string;
  deadlineAt: string | null;
  sentAt: string | null;
  startedAt: string | null;
  endedAt: string | null;
  updatedAt: string;
  /** Whether the job waits because its function is paused. */
  isPaused: boolean;
  blocked: Blocked | null;
  links: {
    self: string;
    parent: string | null;
    children: string;
    deadLetters: string;
    reprocessOf: string | null;
    againOf: string | null;
  };
};

/** Why work cannot continue until a person acts, and what to do. */
export type Blocked = {
  code: string | null;
  message: string | null;
  hint: string;
  since: string;
  parts: number;
  deadLetter: string;
};

export type JobDetails = JobView & {
  /** All of the job's work is paused until this time, because a provider asked for it; null while any part runs. */
  waitingUntil: string | null;
  /** `{code, message}` of the last failed try of a part that is tried again. */
  lastError: unknown;
  childCount: number;
  runs: {
    id: string;
    status: string;
    attempts: number;
    error: unknown;
    startedAt: string;
    endedAt: string | null;
  }[];
  timeline: { sequence: number; type: string; at: string; data: unknown }[];
};

/** The answer of most routes that accept work. */
export type Accepted = { message: string; jobId: string; statusUrl: string };

type TaskStatus = "pending" | "processing" | "waiting" | "completed" | "failed" | "canceled" | "skipped";

export type ImageTask = {
  id: string;
  revision: number;
  lane: "tasks" | "demo";
  prompt: string;
  status: TaskStatus;
  state: TaskStatus | "canceling";
  priority: Priority;
  attempts: number;
  maxAttempts: number;
  retryAt: string | null;
  /** The task's place in the queue: 1 starts next; null when the task does not wait any more. */
  position: number | null;
  dueAt: string;
  sequence: number;
  imageUrl: string | null;
  thumbnailUrl: string | null;
  error: { code: string; message: string } | null;
  createdAt: string;
  startedAt: string | null;
  completedAt: string | null;
  jobUrl: string;
};

/** "sent": the request itself has sent a small newsletter, as a flag chose. */
type AcceptedNewsletter = Accepted & {
  status: "queued" | "sent";
  campaignId: string;
  queued: boolean;
  subscriberCount: number;
};

/** The answers of routes that accept work and do not answer with `Accepted`. */
export type Answers = {
  "/api/tasks": ImageTask;
  "/api/queue-task": { success: true; taskId: string; task: ImageTask };
  "/api/upload": Accepted & { status: "processing"; job_id: string; uploadUrl: string };
  "/api/newsletter": AcceptedNewsletter;
  "/api/send-newsletter": AcceptedNewsletter;
  "/api/erasures": Accepted & { erasureUrl: string };
};

/** The type of the answer to a POST request to this path. */
export type AnswerOf<Path extends string> = Path extends keyof Answers ? Answers[Path] : Accepted;
