import { useEffect, useState } from "react";

/**
 * The current time. The component is rendered again at this interval. Components with the same interval share one
 * timer.
 */
export function useNow(everyMs = 1000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => tickWith(everyMs, setNow), [everyMs]);
  return now;
}

type Tick = (now: number) => void;
const clocks = new Map<number, { ticks: Set<Tick>; timer: ReturnType<typeof setInterval> }>();

function tickWith(everyMs: number, tick: Tick): () => void {
  const running = clocks.get(everyMs);
  const ticks = running?.ticks ?? new Set<Tick>();
  ticks.add(tick);
  if (running === undefined) {
    const timer = setInterval(() => {
      for (const each of ticks) each(Date.now());
    }, everyMs);
    clocks.set(everyMs, { ticks, timer });
  }
  return () => {
    ticks.delete(tick);
    if (ticks.size > 0) return;
    clearInterval(clocks.get(everyMs)?.timer);
    clocks.delete(everyMs);
  };
}
