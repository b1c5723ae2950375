import type { Clock } from "./clock.ts";
import { nextTick, tickId } from "./cron.ts";
import { NamedTimers } from "./named-timers.ts";
import { forever, type Notebook, noteKey } from "./notebook.ts";
import type { FunctionConfig } from "./protocol.ts";
import type { Registry } from "./registry.ts";

export type Tick = { fn: FunctionConfig; expression: string; id: string; time: number };

type Options = {
  clock: Clock;
  notebook: Notebook;
  registry: Registry;
  tick: (tick: Tick) => void;
};

/**
 * One timer for the next tick of each cron. The tick is stored: when the engine was down at that time, the tick runs
 * once at the next start. Further missed ticks do not run.
 */
export class Schedules {
  private readonly options: Options;
  private readonly timers: NamedTimers;
  private isStarted = false;

  constructor(options: Options) {
    this.options = options;
    this.timers = new NamedTimers(options.clock);
  }

  /** Called when the runs are restored. Until this call, no schedule starts a run. */
  start(): void {
    this.isStarted = true;
    this.update();
  }

  /**
   * Called after functions were registered: adds timers for new crons, and removes the timers of removed crons. Does
   * nothing before `start`.
   */
  update(): void {
    if (!this.isStarted) return;
    const { notebook, registry, clock } = this.options;
    const now = clock.now();
    const wanted = new Map(
      registry.crons().map((cron) => [noteKey("cron", cron.fn.id, cron.expression), cron]),
    );
    for (const { key } of notebook.entries("cron")) {
      if (wanted.has(key)) continue;
      notebook.delete(key);
      this.timers.clear(key);
    }
    for (const [key, { fn, expression }] of wanted) {
      if (this.timers.has(key)) continue;
      const noted = notebook.get(key, now);
      this.await(key, fn.id, expression, typeof noted === "number" ? noted : nextTick(expression, now));
    }
  }

  private await(key: string, functionId: string, expression: string, time: number | undefined): void {
    if (time === undefined) return;
    const { notebook, clock, registry, tick } = this.options;
    notebook.set(key, time, forever, clock.now());
    this.timers.set(key, time, () => {
      this.await(key, functionId, expression, nextTick(expression, Math.max(time, clock.now())));
      const fn = registry.get(functionId)?.fn;
      if (fn) tick({ fn, expression, id: tickId(time), time });
    });
  }
}
