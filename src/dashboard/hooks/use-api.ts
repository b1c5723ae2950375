import { useCallback, useEffect, useEffectEvent, useRef, useState } from "react";
import { api, type Problem, problemOf } from "#dashboard/api.ts";
import { type JobChange, onJobChanges, useConnection } from "#dashboard/live.ts";
import { createPolling } from "#dashboard/polling.ts";
import { useIsSeen } from "#dashboard/seen.ts";

type Answer<T> = { path: string; data: T | undefined; problem: Problem | undefined };

export type ApiState<T> = {
  /**
   * The latest answer. The answer stays when a later request fails, and while another filter of the same list loads.
   */
  data: T | undefined;
  problem: Problem | undefined;
  isLoading: boolean;
  reload: () => void;
};

type Options<T> = {
  /** Whether a change of this job may change the answer. If it may, the answer is fetched again. */
  isNews?: (change: JobChange, data: T | undefined) => boolean;
  /** Fetches again after this many milliseconds, for changes that no job announces. */
  everyMs?: number | undefined;
};

const EVERY_MS = 15_000;

/**
 * Fetches from the API, and fetches again while the page is visible: when a job changes, at intervals, and when the
 * network is back.
 */
export function useApi<T>(path: string, { isNews, everyMs = EVERY_MS }: Options<T> = {}): ApiState<T> {
  const [answer, setAnswer] = useState<Answer<T>>();
  const isSeen = useIsSeen();
  const isOffline = useConnection() === "offline";
  const askNow = useRef(() => {});
  const reload = useCallback(() => askNow.current(), []);
  const shown = sameList(answer, path);
  const isOneNews = useEffectEvent((change: JobChange) => isNews?.(change, shown?.data) === true);

  useEffect(() => {
    if (!isSeen) return undefined;
    let isOver = false;
    // While the server cannot be reached nothing is fetched, because the stream notices when the server is back.
    const pauseMs = isOffline ? Number.POSITIVE_INFINITY : everyMs;
    const polling = createPolling(async () => {
      try {
        const data = await api.get<T>(path);
        if (!isOver) setAnswer({ path, data, problem: undefined });
        return pauseMs;
      } catch (error) {
        if (isOver) return Number.POSITIVE_INFINITY;
        const problem = problemOf(error);
        setAnswer((last) => ({ path, data: sameList(last, path)?.data, problem }));
        if (!problem.isPassing && problem.status < 500) return Number.POSITIVE_INFINITY;
        return Math.max(pauseMs, problem.retryAfterMs ?? 0);
      }
    });
    askNow.current = polling.now;
    const unlisten = onJobChanges((changes) => {
      if (changes.some((change) => isOneNews(change))) polling.soon();
    });
    return () => {
      isOver = true;
      polling.stop();
      unlisten();
    };
  }, [path, everyMs, isSeen, isOffline]);

  return {
    data: shown?.data,
    problem: shown?.problem,
    isLoading: answer?.path !== path,
    reload,
  };
}

const listOf = (path: string) => path.split("?", 1)[0];
const sameList = <T>(answer: Answer<T> | undefined, path: string) =>
  answer !== undefined && listOf(answer.path) === listOf(path) ? answer : undefined;
