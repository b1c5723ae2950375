import { createRequest, readJson } from "./request.ts";
import { realTiming, withRetries } from "./retry.ts";
import { hasEnded, type Item, type Job } from "./state.ts";
import type { AnswerOf } from "./types.ts";
import { type WatchOptions, watch } from "./watch.ts";

export { Problem } from "./problem.ts";
export { hasEnded, type Job, type LiveState, type Notification } from "./state.ts";
export type { Accepted, AnswerOf, ImageTask } from "./types.ts";
export type { LiveStatus, WatchOptions } from "./watch.ts";

export type Client = ReturnType<typeof createClient>;

type Options = {
  /** The site's origin; not needed in a page of the same site. */
  baseUrl?: string;
  /** Returns an API key or a user's token for each request. When it returns null, the request has no key. */
  key?: () => string | null;
  fetch?: typeof globalThis.fetch;
};
type SubmitOptions = { idempotencyKey?: string; signal?: AbortSignal };
type FollowOptions = { onChange?: (job: Job) => void; signal?: AbortSignal };

/** A client of Nightshift's API for browsers and servers. Every failure throws a `Problem`. */
export function createClient(
  { baseUrl = "", key = () => null, fetch = (input, init) => globalThis.fetch(input, init) }: Options = {},
  { sleep, random } = realTiming,
) {
  const request = createRequest({ baseUrl, key, fetch });
  const live = <Task extends Item = Item>(options: WatchOptions<Task>): Promise<void> =>
    watch(options, { request, sleep, random });

  return {
    get: async <T>(path: string): Promise<T> => readJson<T>(await request("GET", path)),
    /** With `idempotencyKey`, a request whose answer was lost can be repeated, and the work is created only once. */
    post: async <T>(path: string, body?: unknown, options: Pick<SubmitOptions, "idempotencyKey"> = {}) => {
      const { idempotencyKey: key } = options;
      const headers = key === undefined ? {} : { "idempotency-key": key };
      return readJson<T>(await request("POST", path, { body, headers }));
    },
    put: async <T>(path: string, body: unknown): Promise<T> =>
      readJson<T>(await request("PUT", path, { body })),
    patch: async <T>(path: string, body: unknown): Promise<T> =>
      readJson<T>(await request("PATCH", path, { body })),
    remove: async <T>(path: string): Promise<T> => readJson<T>(await request("DELETE", path)),
    bytes: async (path: string): Promise<Blob> => (await request("GET", path)).blob(),

    /**
     * Submits work, and tries again after temporary refusals. All tries use one idempotency key, so they create only
     * one job.
     */
    submit<Path extends string>(
      path: Path,
      body: unknown,
      options: SubmitOptions = {},
    ): Promise<AnswerOf<Path>> {
      const { idempotencyKey = crypto.randomUUID(), signal } = options;
      const headers = { "idempotency-key": idempotencyKey };
      const work = async () =>
        readJson<AnswerOf<Path>>(await request("POST", path, { body, headers, signal }));
      return withRetries(work, signal, { sleep, random });
    },

    /** Calls `onChange` for every change until the job has ended, and then returns the job. */
    async follow(jobId: string, { onChange, signal }: FollowOptions = {}): Promise<Job> {
      const enough = new AbortController();
      let last: Job | undefined;
      await live({
        path: `/api/jobs/${jobId}/stream`,
        signal: signal ? AbortSignal.any([signal, enough.signal]) : enough.signal,
        onChange({ jobs }) {
          const job = jobs.get(jobId);
          if (!job || job === last || (last && hasEnded(last))) return;
          last = job;
          onChange?.(job);
          if (hasEnded(job)) enough.abort();
        },
      });
      signal?.throwIfAborted();
      if (!last) throw new TypeError("The stream ended before it sent the job");
      return last;
    },

    /** Keeps a list of jobs or tasks up to date until the signal is aborted. Throws only permanent errors. */
    watch: live,

    /** Cancels a job. Waiting work never begins; running work stops at its next step. */
    cancel: async (jobId: string): Promise<Job> =>
      readJson<Job>(await request("DELETE", `/api/jobs/${jobId}`)),
  };
}
