import { isTrue } from "./cel.ts";
import type { EventPayload, FunctionConfig } from "./protocol.ts";

/** The registered functions, and which of them an event starts. */
export type App = { id: string; url: string; functions: FunctionConfig[] };

export class Registry {
  private readonly apps = new Map<string, App>();
  private readonly functions = new Map<string, { fn: FunctionConfig; app: App }>();
  private byEvent = new Map<string, FunctionConfig[]>();

  /** Replaces the functions of an app. Returns true if anything changed. */
  register(app: App): boolean {
    const known = this.apps.get(app.id);
    if (known && JSON.stringify(known) === JSON.stringify(app)) return false;
    for (const fn of known?.functions ?? []) this.functions.delete(fn.id);
    this.apps.set(app.id, app);
    for (const fn of app.functions) this.functions.set(fn.id, { fn, app });
    this.index();
    return true;
  }

  get(functionId: string): { fn: FunctionConfig; app: App } | undefined {
    return this.functions.get(functionId);
  }

  all(): FunctionConfig[] {
    return [...this.functions.values()].map(({ fn }) => fn);
  }

  allApps(): App[] {
    return [...this.apps.values()];
  }

  crons(): { fn: FunctionConfig; expression: string }[] {
    return this.all().flatMap((fn) =>
      fn.triggers.flatMap((trigger) => ("cron" in trigger ? [{ fn, expression: trigger.cron }] : [])),
    );
  }

  /** The functions that an event starts. Each function appears only once, even when several of its triggers match. */
  startedBy(event: EventPayload): FunctionConfig[] {
    const patterns = patternsOf(event.name);
    const named = patterns.flatMap((pattern) => this.byEvent.get(pattern) ?? []);
    return [...new Set(named)].filter((fn) =>
      fn.triggers.some(
        (trigger) =>
          "event" in trigger && patterns.includes(trigger.event) && isTrue(trigger.expression, event),
      ),
    );
  }

  private index(): void {
    this.byEvent = new Map();
    for (const { fn } of this.functions.values()) {
      for (const trigger of fn.triggers) {
        if (!("event" in trigger)) continue;
        this.byEvent.set(trigger.event, [...(this.byEvent.get(trigger.event) ?? []), fn]);
      }
    }
  }
}

/**
 * The trigger names that match an event. For `shop/order.paid` these are `shop/order.paid`, `shop/*` and
 * `shop/order.*`.
 */
const patternsOf = (name: string): string[] => [
  name,
  ...[...name.matchAll(/[/.]/g)].map(({ index }) => `${name.slice(0, index + 1)}*`),
];

/** Whether an event is batched. For batches with an `if`, an event that does not match starts its own run. */
export const isBatched = (fn: FunctionConfig, event: EventPayload): boolean =>
  fn.batchEvents !== undefined && isTrue(fn.batchEvents.if, event);
