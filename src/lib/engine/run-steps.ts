import { z } from "zod";

/** One try of a step. `error` is the message of the error that ended it. */
type StepAttempt = { startedAt: string | null; endedAt: string | null; error: string | null };

/** A step of a run, as Inngest's trace shows it: a span of its own, and one inner span for each try. */
export type RunStep = {
  name: string;
  /** The kind of the step: RUN, SLEEP, WAIT_FOR_EVENT, INVOKE, SEND_EVENT. */
  operation: string | null;
  /** COMPLETED, FAILED, RUNNING, WAITING, CANCELLED, SKIPPED. */
  status: string;
  startedAt: string | null;
  endedAt: string | null;
  output: unknown;
  attempts: StepAttempt[];
};

const time = z.string().nullish();
const spanFields = {
  name: z.string().catch(""),
  status: z.string().catch("UNKNOWN"),
  stepOp: z.string().nullish(),
  stepId: z.string().nullish(),
  startedAt: time,
  endedAt: time,
  output: z.unknown().optional(),
};
const attemptSpan = z.object(spanFields);
const stepSpan = z.object({ ...spanFields, children: attemptSpan.array().default([]) });
const trace = z.object({
  data: z.object({ rootSpan: z.object({ children: stepSpan.array().default([]) }) }),
});

type Span = z.output<typeof attemptSpan>;

/** The answer of `GET /v2/runs/:id/trace`. A span without a step is a call that only asked for the next step. */
export const traceAnswer = trace.transform(({ data }): RunStep[] =>
  data.rootSpan.children
    .filter(({ stepId }) => Boolean(stepId))
    .map(({ children, ...span }) => ({
      ...timesOf(span),
      name: span.name,
      operation: span.stepOp ?? null,
      status: span.status,
      output: resultOf(span.output),
      attempts: (children.length === 0 ? [span] : children).map((one) => ({
        ...timesOf(one),
        error: one.status === "FAILED" ? messageOf(one.output) : null,
      })),
    })),
);

const timesOf = ({ startedAt = null, endedAt = null }: Span) => ({ startedAt, endedAt });

const wrapped = z.strictObject({ data: z.unknown() });
/** Inngest wraps a step's result as `{data}`. */
const resultOf = (output: unknown): unknown => wrapped.safeParse(output).data?.data ?? output ?? null;

const failure = z.union([
  z.object({ error: z.object({ message: z.string() }) }).transform(({ error }) => error.message),
  z.object({ message: z.string() }).transform(({ message }) => message),
]);
const messageOf = (output: unknown): string => failure.safeParse(output).data ?? "no message";
