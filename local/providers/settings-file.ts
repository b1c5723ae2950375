import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";

/** The provider's behavior, which its control API changes. */
export type SettingsFile<Settings> = { readonly current: Settings; change(some: Partial<Settings>): void };

/** Settings that survive a restart: they are stored in a file when there is a path. */
export function openSettings<Settings>(
  schema: z.ZodType<Settings>,
  path: string | undefined,
  initial: Partial<Settings>,
): SettingsFile<Settings> {
  let current = schema.parse({ ...initial, ...stored(path) });
  return {
    get current() {
      return current;
    },
    change(some) {
      current = { ...current, ...some };
      if (path === undefined) return;
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(`${path}.new`, JSON.stringify(current, null, 2));
      renameSync(`${path}.new`, path);
    },
  };
}

function stored(path: string | undefined): object {
  if (path === undefined) return {};
  try {
    return z.looseObject({}).parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return {}; // first start
  }
}
