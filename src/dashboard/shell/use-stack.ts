import { useEffect } from "react";
import { fieldsOf } from "#dashboard/fields.ts";
import { useIsSeen } from "#dashboard/seen.ts";
import { createStore } from "#dashboard/store.ts";

export type Part = { name: string; isUp: boolean; problem: string };

const EVERY_MS = 10_000;
const parts = createStore<readonly Part[]>([]);
/** The latest known state of the services; empty before the first answer. */
export const useStack = parts.use;

/**
 * Polls the state of the services. The frame calls this hook once. The hook uses `fetch` instead of the API client,
 * because the 503 of "not ready" is a normal answer here.
 */
export function useStackWatch(): void {
  const isSeen = useIsSeen();
  useEffect(() => {
    if (!isSeen) return undefined;
    const ask = async () => {
      const response = await fetch("/api/ready").catch(() => undefined);
      const ready: unknown = await response?.json().catch(() => undefined);
      parts.set(partsOf(ready));
    };
    void ask();
    const timer = setInterval(() => void ask(), EVERY_MS);
    return () => clearInterval(timer);
  }, [isSeen]);
}

function partsOf(ready: unknown): Part[] {
  return [...fieldsOf(fieldsOf(ready).get("checks"))].map(([name, check]) => {
    const fields = fieldsOf(check);
    const problem = fields.get("problem");
    return { name, isUp: fields.get("ok") === true, problem: typeof problem === "string" ? problem : "" };
  });
}
