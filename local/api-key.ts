import { createHash, randomBytes, randomInt } from "node:crypto";
import { z } from "zod";

/** `fetch`: another way to it than the network. */
export type Project = { url: string; secretKey: string; fetch?: typeof globalThis.fetch };
export type Role = "app" | "admin";

const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";

/**
 * Makes an API key for Nightshift in a Supabase project, local or hosted, through its REST API. A key is
 * `ns_<12 characters that name it>_<32 random bytes>`; the database keeps a hash, so this is the only time it can be read.
 */
export async function createApiKey(
  project: Project,
  key: { name: string; role: Role; owner: string },
): Promise<string> {
  const id = Array.from({ length: 12 }, () => alphabet[randomInt(alphabet.length)]).join("");
  const secret = randomBytes(32).toString("base64url");
  await rpc(project, "create_api_key", {
    p_id: id,
    p_secret_hash: createHash("sha256").update(secret).digest("hex"),
    p_name: key.name,
    p_role: key.role,
    p_owner: key.owner,
    p_now: new Date().toISOString(),
  });
  return `ns_${id}_${secret}`;
}

/** Closes the door to a key; answers whether there was one. Takes the key itself or the id in it. */
export async function revokeApiKey(project: Project, keyOrId: string): Promise<boolean> {
  const id = idOf(keyOrId) ?? keyOrId;
  return (await rpc(project, "revoke_api_key", { p_id: id, p_now: new Date().toISOString() })) === true;
}

/** Whether the project knows the key and has not revoked it. */
export async function isKnown(project: Project, key: string): Promise<boolean> {
  const rows = await rpc(project, "find_api_key", { p_id: idOf(key) ?? "" });
  return foundKeys.parse(rows).some(({ revoked_at }) => revoked_at === null);
}

const foundKeys = z.array(z.object({ revoked_at: z.string().nullable() }));

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
