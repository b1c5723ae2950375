import { evaluate, isTrue } from "./cel.ts";
import type { EventPayload, FunctionConfig } from "./protocol.ts";

/** Which functions there are, and which of them an event starts. */
export type App = { id: string; url: string; functions: FunctionConfig[] };

export class Registry {
  private readonly apps = new Map<string, App>();
  private readonly functions = new Map<string, { fn: FunctionConfig; app: App }>();
  private byEvent = new Map<string, FunctionConfig[]>();
  private patterns: { prefix: string; fn: FunctionConfig }[] = [];

  /** Replaces an app's functions by what it has now. True if anything changed. */
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

  /** Each function once, however many of its triggers match. */
  startedBy(event: EventPayload): FunctionConfig[] {
    const named = this.byEvent.get(event.name) ?? [];
    const wild = this.patterns.filter(({ prefix }) => event.name.startsWith(prefix)).map(({ fn }) => fn);
    return [...new Set([...named, ...wild])].filter((fn) =>
      fn.triggers.some((trigger) => matches(trigger, event)),
    );
  }

  private index(): void {
    this.byEvent = new Map();
    this.patterns = [];
    for (const { fn } of this.functions.values()) {
      for (const trigger of fn.triggers) {
        if (!("event" in trigger)) continue;
        if (trigger.event.endsWith("*")) this.patterns.push({ prefix: trigger.event.slice(0, -1), fn });
        else this.byEvent.set(trigger.event, [...(this.byEvent.get(trigger.event) ?? []), fn]);
      }
    }
  }
}

function matches(trigger: FunctionConfig["triggers"][number], event: EventPayload): boolean {
  if (!("event" in trigger)) return false;
  const isNamed = trigger.event.endsWith("*")
    ? event.name.startsWith(trigger.event.slice(0, -1))
    : trigger.event === event.name;
  return isNamed && isTrue(trigger.expression, { event });
}

/** For batches with an `if`: an event that does not fit starts a run of its own. */
export const isBatched = (fn: FunctionConfig, event: EventPayload): boolean =>
  fn.batchEvents !== undefined &&
  (fn.batchEvents.if === undefined || evaluate(fn.batchEvents.if, { event }) === true);
