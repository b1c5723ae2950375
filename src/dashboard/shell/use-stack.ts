import { useEffect, useState } from "react";
import { fieldsOf } from "#dashboard/fields.ts";

export type Down = { name: string; problem: string };
const EVERY_MS = 10_000;

/** The parts of the stack that cannot work now. An answer that says "not ready" is an answer: no client, no problem. */
export function useStack(): readonly Down[] {
  const [down, setDown] = useState<readonly Down[]>([]);
  useEffect(() => {
    const ask = async () => {
      if (document.hidden) return;
      const response = await fetch("/api/ready").catch(() => undefined);
      const said: unknown = await response?.json().catch(() => undefined);
      setDown(downOf(said));
    };
    void ask();
    const timer = setInterval(() => void ask(), EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return down;
}

export function downOf(ready: unknown): Down[] {
  const checks = [...fieldsOf(fieldsOf(ready).get("checks"))];
  return checks.flatMap(([name, check]) => {
    const said = fieldsOf(check);
    const problem = said.get("problem");
    return said.get("ok") === false ? [{ name, problem: typeof problem === "string" ? problem : "" }] : [];
  });
}
