import { useCallback, useEffect, useRef, useState } from "react";
import { api, type Problem, problemOf } from "#dashboard/api.ts";
import { polled } from "#dashboard/connection.ts";

type Answer<T> = { path: string; data: T | undefined; problem: Problem | undefined };

export type ApiState<T> = {
  /** The latest answer. It stays when a later question fails, and while another filter of the same list loads. */
  data: T | undefined;
  problem: Problem | undefined;
  isLoading: boolean;
  reload: () => void;
};

/** Asks the API, again `everyMs` while the page is looked at. `null` asks nothing. */
export function useApi<T>(path: string | null, { everyMs = 0 }: { everyMs?: number } = {}): ApiState<T> {
  const [answer, setAnswer] = useState<Answer<T>>();
  const asking = useRef(async () => {});
  const reload = useCallback(() => void asking.current(), []);

  useEffect(() => {
    if (path === null) return undefined;
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      clearTimeout(timer);
      try {
        const data = await api.get<T>(path);
        polled(true);
        if (!isOver) setAnswer({ path, data, problem: undefined });
      } catch (error) {
        const problem = problemOf(error);
        polled(problem.status !== 0);
        if (!isOver) setAnswer((last) => ({ path, data: sameList(last, path)?.data, problem }));
      }
      if (!isOver && everyMs > 0 && !document.hidden) timer = setTimeout(() => void ask(), everyMs);
    };
    asking.current = ask;
    const lookedAt = () => {
      if (!document.hidden && everyMs > 0) void ask();
    };
    document.addEventListener("visibilitychange", lookedAt);
    addEventListener("online", lookedAt);
    void ask();
    return () => {
      isOver = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", lookedAt);
      removeEventListener("online", lookedAt);
    };
  }, [path, everyMs]);

  const shown = path === null ? undefined : sameList(answer, path);
  return {
    data: shown?.data,
    problem: shown?.problem,
    isLoading: path !== null && answer?.path !== path,
    reload,
  };
}

const listOf = (path: string) => path.split("?", 1)[0];
const sameList = <T>(answer: Answer<T> | undefined, path: string) =>
  answer !== undefined && listOf(answer.path) === listOf(path) ? answer : undefined;
