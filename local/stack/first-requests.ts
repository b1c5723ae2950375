import { createApiKey, isKnown, type Role } from "#api-key.ts";
import { type Environment, local } from "#stack/environment.ts";
import { StackError } from "#stack/errors.ts";
import { type MachineKeys, writeKeys } from "#stack/keys.ts";

const patienceMs = 30_000;
const pauseMs = 50;

/** Resolves when the site reaches database, schema and engine, or when the signal is aborted. */
export async function siteAnswers(port: number, signal: AbortSignal): Promise<void> {
  let last = "no answer";
  for (const deadline = performance.now() + patienceMs; performance.now() < deadline; ) {
    signal.throwIfAborted();
    try {
      const response = await fetch(`${local(port)}/api/ready`);
      if (response.ok) return;
      last = await response.text();
    } catch (error) {
      last = String(error);
    }
    await new Promise((retry) => setTimeout(retry, pauseMs));
  }
  throw new StackError(`The site is up but not ready: ${last}`, "The logs of the data folder may say more.");
}

/** The API keys of this machine: the stored ones, or new ones when the database does not know the stored ones. */
export async function ensureApiKeys(
  dataDir: string,
  keys: MachineKeys,
  environment: Environment,
): Promise<MachineKeys & Record<Role, string>> {
  const project = {
    url: environment["SUPABASE_URL"] ?? "",
    secretKey: environment["SUPABASE_SECRET_KEY"] ?? "",
  };
  const ensure = async (role: Role) => {
    const known = keys[role];
    if (known !== undefined && (await isKnown(project, known))) return known;
    return createApiKey(project, { name: "this machine", role, owner: "local" });
  };
  const [admin, app] = await Promise.all([ensure("admin"), ensure("app")]);
  const all = { ...keys, admin, app };
  writeKeys(dataDir, all);
  return all;
}
