import { stackTime } from "#clock.ts";

/**
 * When the clock is scaled, each process imports this module before its own code, so that its `Date` shows the stack's
 * time.
 */
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
