import { z } from "zod";

/**
 * The messages of the protocol, as inngest 4.24 sends them. Function configuration is parsed strictly: an unknown
 * setting must be refused at registration, not ignored.
 */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The server refuses an empty expression. */
const expression = z.string().min(1).optional();
/** The longest event name and cron that the server accepts in a trigger. */
const triggerText = z.string().min(1).max(255);

const concurrency = z.strictObject({
  limit: z.number().int(),
  key: expression,
  scope: z.enum(["fn", "env", "account"]).optional(),
});

const trigger = z.union([
  z.strictObject({ event: triggerText, expression }),
  z.strictObject({ cron: triggerText, jitter: z.string().optional() }),
]);

export const functionConfig = z.strictObject({
  id: z.string(),
  name: z.string().min(1).optional(),
  triggers: z.array(trigger),
  steps: z.strictObject({
    step: z.strictObject({
      id: z.string(),
      name: z.string().min(1),
      runtime: z.strictObject({ type: z.literal("http"), url: z.string() }),
      retries: z.strictObject({ attempts: z.number().int().min(0).optional() }).optional(),
    }),
  }),
  idempotency: expression,
  batchEvents: z
    .strictObject({
      maxSize: z.number().int(),
      timeout: z.string(),
      key: expression,
      if: expression,
    })
    .optional(),
  rateLimit: z.strictObject({ limit: z.number().int(), period: z.string(), key: expression }).optional(),
  throttle: z
    .strictObject({
      limit: z.number().int().min(0),
      period: z.string(),
      key: expression,
      burst: z.number().int().min(0).optional(),
    })
    .optional(),
  singleton: z.strictObject({ key: expression, mode: z.enum(["skip", "cancel"]) }).optional(),
  cancel: z
    .array(z.strictObject({ event: z.string(), if: expression, timeout: z.string().optional() }))
    .optional(),
  debounce: z.strictObject({ period: z.string(), key: z.string().optional() }).optional(),
  timeouts: z.strictObject({ start: z.string().optional(), finish: z.string().optional() }).optional(),
  priority: z.strictObject({ run: expression }).optional(),
  concurrency: z
    .union([z.number().int(), concurrency, z.array(concurrency)])
    .optional()
    .transform((value) =>
      value === undefined
        ? []
        : typeof value === "number"
          ? [{ limit: value }]
          : Array.isArray(value)
            ? value
            : [value],
    ),
});
export type FunctionConfig = z.infer<typeof functionConfig>;

export const syncAnswer = z.looseObject({
  app_id: z.string(),
  functions: z.array(z.looseObject({ id: z.string() })),
  sdk: z.string().optional(),
});

/** The request with which the SDK registers itself. The request contains the SDK's own configuration. */
export const registration = z.looseObject({
  appName: z.string(),
  url: z.string(),
  functions: z.array(z.looseObject({ id: z.string() })),
  sdk: z.string().optional(),
});

export type EventPayload = {
  id: string;
  name: string;
  data: Record<string, unknown> | null;
  ts: number;
  v?: string;
  user?: unknown;
  meta?: unknown;
};

export const incomingEvent = z.object({
  id: z.string().nullish(),
  name: z.string().nullish(),
  data: z.record(z.string(), z.unknown()).nullish(),
  ts: z.number().nullish(),
  v: z.string().nullish(),
  user: z.unknown().optional(),
  meta: z.unknown().optional(),
});
export type IncomingEvent = z.infer<typeof incomingEvent>;

const stepOptions = z
  .looseObject({
    parallelMode: z.string().optional(),
    duration: z.string().optional(),
    event: z.string().optional(),
    if: z.string().optional(),
    timeout: z.string().optional(),
    function_id: z.string().optional(),
    payload: z
      .looseObject({ data: z.record(z.string(), z.unknown()).nullish(), v: z.string().nullish() })
      .nullish(),
  })
  .nullish()
  .transform((options) => options ?? {});

/** One operation that the SDK reports: a step that ran, that failed, that was found but not run, or that waits. */
export const op = z.object({
  op: z.string(),
  id: z.string(),
  name: z.string().nullish(),
  displayName: z.string().nullish(),
  data: z.unknown().optional(),
  error: z.unknown().optional(),
  opts: stepOptions,
});
export type Op = z.infer<typeof op>;
export const ops = z.union([z.array(op), op.transform((one) => [one]), z.null().transform(() => [])]);

export const checkpointBody = z.object({
  qi_id: z.string(),
  generation_id: z.number().nullish(),
  steps: z.array(op),
});

export const cancellationBody = z.object({
  app_id: z.string(),
  function_id: z.string(),
  started_after: z.string().nullish(),
  started_before: z.string(),
  if: z.string().nullish(),
});

/** The real server keeps only these fields of an error. */
export type WireError = { name: string; message: string; stack?: string; cause?: unknown; error?: string };
