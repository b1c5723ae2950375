import { z } from "zod";

/** `fetch` replaces the network when the project runs in the same process. */
export type Project = { url: string; secretKey: string; fetch?: typeof globalThis.fetch };
export type Role = "app" | "admin";

export type NewKey = { name: string; role: Role; owner: string; expiresAt?: Date | undefined };

const created = z.object({ key: z.string() });

/**
 * Creates an API key for Nightshift in a Supabase project, local or hosted, through its REST API. The database keeps
 * only a hash of the key, so the key cannot be read again later.
 */
export async function createApiKey(
  project: Project,
  { name, role, owner, expiresAt }: NewKey,
): Promise<string> {
  const answer = await rpc(project, "create_api_key", {
    p_name: name,
    p_role: role,
    p_owner: owner,
    p_expires_at: expiresAt?.toISOString() ?? null,
    p_now: new Date().toISOString(),
  });
  return created.parse(answer).key;
}

const listed = z.object({
  id: z.string(),
  name: z.string(),
  role: z.string(),
  owner: z.string(),
  expires_at: z.string().nullable(),
  last_used_at: z.string().nullable(),
  revoked_at: z.string().nullable(),
});

/** The newest thousand API keys of a Supabase project, without their secrets. */
export const listApiKeys = async (project: Project) =>
  listed
    .array()
    .parse(await rpc(project, "list_api_keys", { p_before_at: null, p_before_id: null, p_limit: 1000 }));

/** Returns whether the project knows the key. `keyOrId` is the whole key, or only the id that the key contains. */
export async function revokeApiKey(project: Project, keyOrId: string): Promise<boolean> {
  const id = idOf(keyOrId) ?? keyOrId;
  return (await rpc(project, "revoke_api_key", { p_id: id, p_now: new Date().toISOString() })) === true;
}

/** Whether the key is valid: the project knows it, and it is neither revoked nor expired. */
export async function isKnown(project: Project, key: string): Promise<boolean> {
  const args = { p_id: idOf(key) ?? "", p_now: new Date().toISOString() };
  return foundKeys.parse(await rpc(project, "find_api_key", args)).some(({ is_valid }) => is_valid);
}

const foundKeys = z.array(z.object({ is_valid: z.boolean() }));

const idOf = (key: string): string | undefined => /^ns_([a-z0-9]{12})_/.exec(key)?.[1];

/** Calls a SQL function of a project with its secret key. */
export async function rpc(project: Project, name: string, args: object): Promise<unknown> {
  const { url, secretKey, fetch = globalThis.fetch } = project;
  const response = await fetch(new URL(`/rest/v1/rpc/${name}`, url), {
    method: "POST",
    headers: { apikey: secretKey, "content-type": "application/json" },
    body: JSON.stringify(args),
  });
  const text = await response.text();
  if (!response.ok)
    throw new RpcError(response.status, `${name} at ${url} answered ${response.status}: ${text}`);
  return text === "" ? null : JSON.parse(text);
}

export class RpcError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
