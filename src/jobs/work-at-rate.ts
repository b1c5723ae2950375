import { type Clock, sleep } from "#lib/clock.ts";
import type { Worked } from "./parts.ts";
import type { Part } from "./parts-repository.ts";
import type { StepTime } from "./steps.ts";

const SECOND_MS = 1_000;

type Second = { state: "open" | "done" | "lost" | "paused"; next: number };

/**
 * Works on a part second by second. `workOn` does the work of one second, from a position on, in the statement that
 * also settles it. So each piece is done once, even if the run dies several times.
 */
export async function workAtRate(
  { clock, time, part }: { clock: Clock; time: StepTime; part: Part },
  workOn: (from: number) => Promise<Second>,
): Promise<Worked> {
  let { next } = part;
  for (;;) {
    const worked = await workOn(next);
    if (worked.state !== "open" || time.isLate()) return worked.state;
    next = worked.next;
    await sleep(clock, SECOND_MS);
  }
}
