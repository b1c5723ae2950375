import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Json } from "#lib/database/database.types.ts";
import { DEFAULT_PRIORITY, prioritySchema } from "#lib/engine/priorities.ts";
import { AppError } from "#lib/errors.ts";
import { instant } from "#lib/http/fields.ts";
import type { Requester } from "#lib/http/route.ts";
import { storableJson } from "#lib/storable.ts";

const DAY_MS = 24 * 60 * 60_000;
export const LONGEST_DELAY_MS = 365 * DAY_MS;

/** S3-7: the options of any job. A route that offers them adds these fields to its body. */
export const jobOptions = {
  priority: prioritySchema.optional(),
  /** The work is skipped when it is not done by this time. */
  deadlineAt: instant.optional(),
  /** How long the job waits before it may begin. Its due time counts from the end of this delay. */
  delayMs: z.int().min(0).max(LONGEST_DELAY_MS).optional(),
  /** The tries of each step, at most as many as the function allows. */
  attempts: z.int().min(1).max(21).optional(),
  /** The delay before the second try, doubled before each further try. */
  backoffMs: z.int().min(0).max(DAY_MS).optional(),
  /**
   * How many completed jobs to keep after this job has completed: the newest jobs of this kind and owner that have such
   * a number.
   */
  keepCompleted: z.int().min(1).max(10_000).optional(),
};

export type JobOptions = { [Name in keyof typeof jobOptions]?: z.output<(typeof jobOptions)[Name]> };

type RequestOptions = JobOptions & {
  requester: Requester;
  /** The `Idempotency-Key`. When a requester repeats a key, the answer is the first job. */
  key: string | undefined;
  /** A value that must be equal in all requests with the same key. By default this is the event's data. */
  comparedData?: unknown;
  /** ISO 8601: the job may not begin before this time. */
  startAt?: string | undefined;
  /** The function whose job this is, for an event with several functions. */
  functionId?: string;
  /** The id of the job and its event; generated here, unless a row of the caller already has it. */
  id?: string;
  /** A held job waits until its room calls `private.release_jobs`. */
  held?: boolean;
  /** The job that this one belongs to. */
  parentJobId?: string;
};

/** The argument of `private.accept_job`. */
export type JobRequest = { id: string; event: string; data: Json; requester: string; owner: string } & {
  [key: string]: Json | undefined;
};

/** Makes a job request from an event type and its data. The data is checked here by the event's schema. */
export function request<Data>(
  { name, schema }: { name: string; schema: z.ZodType<Data> },
  data: NoInfer<Data>,
  { requester, key, comparedData, id = randomUUID(), priority, ...rest }: RequestOptions,
): JobRequest {
  const checked = schema.safeParse(data);
  if (!checked.success) {
    throw new AppError(
      "invalid_request",
      `The data of ${name} is not valid: ${z.prettifyError(checked.error)}`,
    );
  }
  requireAllowed(requester, priority);
  return {
    ...rest,
    id,
    event: name,
    data: storableJson(checked.data),
    requester: requester.id,
    owner: requester.owner,
    ...(key === undefined ? {} : { key }),
    ...(comparedData === undefined ? {} : { comparedData: storableJson(comparedData) }),
    ...(priority === undefined ? {} : { priority }),
  };
}

/** API keys and administrators may choose any priority; a user may not choose one above normal. */
function requireAllowed({ id, role }: Requester, priority: number = DEFAULT_PRIORITY): void {
  if (priority >= DEFAULT_PRIORITY || role === "admin" || !id.startsWith("user:")) return;
  throw new AppError("forbidden", `Priority ${priority} is not allowed for users`, {
    hint: `Choose priority ${DEFAULT_PRIORITY} or lower (a higher number), or use an API key.`,
  });
}
