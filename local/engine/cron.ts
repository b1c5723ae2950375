import { Cron } from "croner";

/** `TZ=Europe/Berlin 0 3 * * *`: without a zone, UTC. */
export function parseCron(expression: string): Cron {
  const [, zone, pattern = expression] = /^(?:CRON_)?TZ=(\S+)\s+(.*)$/.exec(expression) ?? [];
  return new Cron(pattern, { paused: true, timezone: zone ?? "UTC" });
}

export function cronError(expression: string): string | undefined {
  try {
    return parseCron(expression).nextRun() ? undefined : "it never fires";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The first tick after `after`. */
export const nextTick = (expression: string, after: number): number | undefined =>
  parseCron(expression).nextRun(new Date(after))?.getTime();

/** Ticks are named by their time to the second, as the server names them. */
export const tickId = (time: number): string => new Date(time).toISOString().replace(".000Z", "Z");
