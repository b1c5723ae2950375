import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Json } from "#lib/database/database.types.ts";
import { DEFAULT_PRIORITY, prioritySchema } from "#lib/engine/priorities.ts";
import { AppError } from "#lib/errors.ts";
import { instant } from "#lib/http/fields.ts";
import type { Requester } from "#lib/http/route.ts";
import { storableJson } from "#lib/storable.ts";

const DAY_MS = 24 * 60 * 60_000;

/** S3-7: what a caller may say about any job. A route whose callers may say it spreads these into its body. */
export const jobOptions = {
  priority: prioritySchema.optional(),
  /** After this the work is no longer wanted. */
  deadlineAt: instant.optional(),
  /** How long the job rests before it may begin; its promise counts from then. */
  delayMs: z
    .int()
    .min(0)
    .max(365 * DAY_MS)
    .optional(),
  /** Tries of each step, no more than its function has. */
  attempts: z.int().min(1).max(21).optional(),
  /** The pause before the second try, doubled before each further one. */
  backoffMs: z.int().min(0).max(DAY_MS).optional(),
  /** How many completed jobs of this kind are kept once this one has completed. */
  keepCompleted: z.int().min(1).max(10_000).optional(),
};

export type JobOptions = { [Name in keyof typeof jobOptions]?: z.output<(typeof jobOptions)[Name]> };

type Said = JobOptions & {
  requester: Requester;
  /** The `Idempotency-Key`: the same requester's second request under it gets the first one's job. */
  key: string | undefined;
  /** What makes two requests under one key the same, where that is not the event's data. */
  said?: unknown;
  /** For an event with several functions: the one whose job this is. */
  functionId?: string;
  /** Of the job and of its event; made here unless a row needs it first. */
  id?: string;
  /** The room lets it begin, with `private.release_jobs`. */
  held?: boolean;
  /** The job that this one belongs to. */
  parentJobId?: string;
};

/** What `private.accept_job` takes. */
export type JobRequest = { id: string; event: string; data: Json; requester: string; owner: string } & {
  [key: string]: Json | undefined;
};

/**
 * A request for the work that an event asks for. The event's own schema checks the data here, and what it gives is what
 * the outbox sends.
 */
export function request<Data>(
  { name, schema }: { name: string; schema: z.ZodType<Data> },
  data: NoInfer<Data>,
  { requester, key, said, id = randomUUID(), priority, ...rest }: Said,
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
    ...(said === undefined ? {} : { said: storableJson(said) }),
    ...(priority === undefined ? {} : { priority }),
  };
}

/** Who may be faster than others: a key of the site and administrators choose freely, a person not above normal. */
function requireAllowed({ id, role }: Requester, priority: number = DEFAULT_PRIORITY): void {
  if (priority >= DEFAULT_PRIORITY || role === "admin" || !id.startsWith("user:")) return;
  throw new AppError("forbidden", `Priority ${priority} is not for user tokens`, {
    hint: `Ask for priority ${DEFAULT_PRIORITY} or lower (a higher number), or use an API key.`,
  });
}
