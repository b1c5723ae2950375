import { local } from "#stack/environment.ts";
import { readKeys } from "#stack/keys.ts";
import type { Stack } from "#stack/stack.ts";

/** What the demo needs to know of a stack. */
export type DemoStack = Pick<Stack, "ports"> & { databaseUrl: string; keys: { admin: string } };

/** The stack that runs on the data of this folder, if one does and all its parts are on this machine. */
export async function runningStack(dataDir: string): Promise<DemoStack | undefined> {
  const { lastStart, admin } = readKeys(dataDir) ?? {};
  if (lastStart === undefined || admin === undefined) return undefined;
  // Its port may be another program's by now: only ours knows the key.
  const isOurs = await fetch(`${local(lastStart.ports.site)}/api/lists?limit=1`, {
    headers: { authorization: `Bearer ${admin}` },
  }).then(
    ({ ok }) => ok,
    () => false,
  );
  return isOurs ? { ...lastStart, keys: { admin } } : undefined;
}
