import { z } from "zod";

/**
 * A key is sent in an HTTP header or a URL, where a copied placeholder (`sb_secret_…`) or a line break would break
 * every call.
 */
export const key = z
  .string()
  .max(4096, "must be at most 4096 characters long")
  .regex(
    /^[\x21-\x7e]+$/,
    "must be one word of printable ASCII: it was not copied whole, or with more than the key",
  );

/**
 * The two keys of a Supabase project. Keys are recognized by their prefix. Older keys are JWTs and are recognized by
 * their role.
 */
const SUPABASE_KEYS = {
  secret: { prefix: "sb_secret_", role: "service_role" },
  publishable: { prefix: "sb_publishable_", role: "anon" },
} as const;
type SupabaseKey = keyof typeof SUPABASE_KEYS;

const jwtRole = z.object({ role: z.string() });

export const supabaseKey = (kind: SupabaseKey) =>
  key.superRefine((value, { addIssue }) => {
    const found = kindOf(value);
    if (found === kind) return;
    const message =
      found === undefined
        ? `must begin with ${SUPABASE_KEYS[kind].prefix} (or be a JWT of the role ${SUPABASE_KEYS[kind].role})`
        : `is the ${found} key of the project: the ${kind} key belongs here`;
    addIssue({ code: "custom", message });
  });

function kindOf(value: string): SupabaseKey | undefined {
  const role = jwtRole.safeParse(payloadOf(value)).data?.role;
  const kinds: SupabaseKey[] = ["secret", "publishable"];
  return kinds.find(
    (kind) => value.startsWith(SUPABASE_KEYS[kind].prefix) || role === SUPABASE_KEYS[kind].role,
  );
}

function payloadOf(jwt: string): unknown {
  try {
    return JSON.parse(Buffer.from(jwt.split(".")[1] ?? "", "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}

/**
 * Inngest signs with the bytes of the hexadecimal digits. Any other text would give a wrong signature without an error.
 */
export const inngestSigningKey = key.regex(
  /^(signkey-\w+-)?([0-9a-f]{2})+$/i,
  "must be hexadecimal digits, with or without signkey-<environment>- before them",
);

export const inngestEventKey = key.refine(
  (value) => !value.startsWith("signkey-"),
  "is a signing key: the event key belongs here",
);

/** A key for AES-256 with its name. Every ciphertext contains the name of its key, so that keys can be replaced. */
export type SecretKey = { name: string; bytes: Buffer };

/** Reads `<name>:<32 bytes as Base64>`; undefined for anything else. */
export function secretKey(text: string): SecretKey | undefined {
  const [, name, base64] = /^([A-Za-z0-9_-]{1,20}):([A-Za-z0-9+/_-]{43}=?)$/.exec(text) ?? [];
  if (name === undefined || base64 === undefined) return undefined;
  return { name, bytes: Buffer.from(base64, "base64") };
}
