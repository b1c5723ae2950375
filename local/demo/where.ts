import { local } from "#stack/environment.ts";
import { readKeys } from "#stack/keys.ts";
import type { Stack } from "#stack/stack-types.ts";

/** What the demo must know about the stack: ports, database and API key. */
export type DemoStack = Pick<Stack, "ports"> & { databaseUrl: string; keys: { admin: string } };

/** The running stack of this data folder, if all its parts are on this machine. Undefined when no such stack runs. */
export async function runningStack(dataDir: string): Promise<DemoStack | undefined> {
  const { lastStart, admin } = readKeys(dataDir) ?? {};
  if (lastStart === undefined || admin === undefined) return undefined;
  // Another program may use the site's port now. This request tells the two apart, because only our stack accepts the
  // API key.
  const isOurs = await fetch(`${local(lastStart.ports.site)}/api/lists?limit=1`, {
    headers: { authorization: `Bearer ${admin}` },
  }).then(
    ({ ok }) => ok,
    () => false,
  );
  return isOurs ? { ...lastStart, keys: { admin } } : undefined;
}
