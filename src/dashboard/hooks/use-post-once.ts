import { useCallback, useRef } from "react";
import { api } from "#dashboard/api.ts";

/**
 * Posts a request with an idempotency key. The same request has the same key until it succeeds, so that a click that is
 * repeated after a lost answer makes the work only once.
 */
export function usePostOnce() {
  const last = useRef<{ request: string; idempotencyKey: string }>(undefined);
  return useCallback(async <T>(path: string, body: object): Promise<T> => {
    const request = JSON.stringify([path, body]);
    if (last.current?.request !== request) last.current = { request, idempotencyKey: crypto.randomUUID() };
    const answer = await api.post<T>(path, body, last.current);
    last.current = undefined;
    return answer;
  }, []);
}
