import { stackTime } from "#clock.ts";

/** Loaded before a process's own code when the clock is scaled: from here on its `Date` is the stack's. */
const RealDate = Date;
const now = (): number => stackTime(RealDate.now());

globalThis.Date = new Proxy(RealDate, {
  construct(target, values, newTarget): Date {
    const date: unknown = Reflect.construct(target, values.length === 0 ? [now()] : values, newTarget);
    return date instanceof RealDate ? date : new RealDate(now());
  },
  apply: () => new RealDate(now()).toString(),
  get(target, name): unknown {
    return name === "now" ? now : Reflect.get(target, name);
  },
});
