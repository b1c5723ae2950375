import { cut } from "#lib/cut.ts";
import { maskPersonal } from "#lib/mask-personal.ts";

/**
 * The fields of an event that Slack and Sentry may see: only those that the event's type allows by name. Our own
 * database keeps the whole event. A new event type shows no fields until its harmless ones are listed.
 */
export type VisibleFields = Readonly<Record<string, readonly string[]>>;

export type Redact = {
  event(name: string, data: Readonly<Record<string, unknown>>): Record<string, string | number>;
  text(text: string): string;
};

const MAX_TEXT_CHARS = 500;

export const createRedact = (visible: VisibleFields): Redact => ({
  event(name, data) {
    const shown: Record<string, string | number> = {};
    for (const field of visible[name] ?? []) {
      const value = data[field];
      if (typeof value === "string" || typeof value === "number") shown[field] = value;
    }
    return shown;
  },
  text: (text) => cut(maskPersonal(cut(text)), MAX_TEXT_CHARS),
});
