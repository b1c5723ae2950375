import { createHmac, timingSafeEqual } from "node:crypto";

/**
 * How a provider signs its requests. Each scheme uses HMAC-SHA256 over the raw bytes:
 * - "stripe": `Stripe-Signature: t=<seconds>,v1=<hex>`, over `<t>.<body>`;
 * - "github": `X-Hub-Signature-256: sha256=<hex>`, over the body; it has no time, and SHA-1 is not accepted;
 * - "standard": Standard Webhooks 1.0, `webhook-id`, `webhook-timestamp` and `webhook-signature: v1,<base64>`, over
 *   `<id>.<timestamp>.<body>`; the same headers named `svix-…` are accepted, because Resend sends those.
 */
export type Scheme = "stripe" | "github" | "standard";

/** Why a request is refused. The reason is counted, but not sent to the sender. */
export type Refusal = "unsigned" | "malformed" | "stale" | "mismatch";

export type Signed = { headers: Headers; body: Uint8Array; secrets: readonly string[]; now: Date };

/** The parsed signature header. `prefix` is the signed text before the body. */
type Claim = { prefix: string; seconds: number | undefined; signatures: Buffer[] };

/** The largest difference that is accepted between a signature's time and the present time. */
const TOLERANCE_SECONDS = 300;
const MAX_HEADER_CHARS = 4096;
/** A provider that rotates its secret may send several signatures. */
const MAX_SIGNATURES = 10;

const CLAIMS: Record<Scheme, (headers: Headers) => Claim | "unsigned" | "malformed"> = {
  stripe: stripeClaim,
  github: githubClaim,
  standard: standardClaim,
};

/**
 * Why a request is refused; undefined when one of the secrets signed exactly these bytes within 300 seconds of now.
 * Several secrets are tried, because two are valid during a rotation. The time of the comparison does not depend on the
 * bytes.
 */
export function refusalOf(scheme: Scheme, { headers, body, secrets, now }: Signed): Refusal | undefined {
  const claim = CLAIMS[scheme](headers);
  if (typeof claim === "string") return claim;
  const { prefix, seconds, signatures } = claim;
  const isSigned = secrets.some((secret) => {
    const expected = createHmac("sha256", keyOf(scheme, secret)).update(prefix).update(body).digest();
    return signatures.some((given) => timingSafeEqual(given, expected));
  });
  if (!isSigned) return "mismatch";
  const isStale = seconds !== undefined && Math.abs(now.getTime() / 1000 - seconds) > TOLERANCE_SECONDS;
  return isStale ? "stale" : undefined;
}

/** Standard Webhooks encodes a key as `whsec_<base64>`. For Stripe, the whole secret including `whsec_` is the key. */
const keyOf = (scheme: Scheme, secret: string): string | Buffer =>
  scheme === "standard" ? Buffer.from(secret.replace(/^whsec_/, ""), "base64") : secret;

function stripeClaim(headers: Headers): Claim | "unsigned" | "malformed" {
  const header = headers.get("stripe-signature");
  if (header === null) return "unsigned";
  if (header.length > MAX_HEADER_CHARS) return "malformed";
  const fields = header.split(",").map((field) => field.trim());
  const times = fields.filter((field) => field.startsWith("t=")).map((field) => field.slice(2));
  const signatures = fields.filter((field) => field.startsWith("v1=")).map((field) => field.slice(3));
  const [time] = times;
  if (time === undefined || times.length > 1) return "malformed";
  return claimOf(`${time}.`, time, signatures.map(fromHex));
}

function githubClaim(headers: Headers): Claim | "unsigned" | "malformed" {
  const header = headers.get("x-hub-signature-256");
  if (header === null) return "unsigned";
  if (!header.startsWith("sha256=")) return "malformed";
  return claimOf("", undefined, [fromHex(header.slice("sha256=".length))]);
}

function standardClaim(headers: Headers): Claim | "unsigned" | "malformed" {
  const read = (name: string) => headers.get(`webhook-${name}`) ?? headers.get(`svix-${name}`);
  const [id, time, header] = [read("id"), read("timestamp"), read("signature")];
  if (id === null || time === null || header === null) return "unsigned";
  // An id with a dot is refused, because `<id>.<timestamp>.<body>` could then be split in more than one way.
  if (header.length > MAX_HEADER_CHARS || id.includes(".")) return "malformed";
  const signatures = header.split(" ").filter((one) => one.startsWith("v1,"));
  return claimOf(
    `${id}.${time}.`,
    time,
    // Supabase Auth writes a comma between two signatures.
    signatures.map((one) => fromBase64(one.slice("v1,".length).replace(/,$/, ""))),
  );
}

function claimOf(
  prefix: string,
  time: string | undefined,
  given: readonly (Buffer | undefined)[],
): Claim | "malformed" {
  const signatures = given.filter((one) => one !== undefined);
  const isTime = time === undefined || /^\d{1,12}$/.test(time);
  if (!isTime || signatures.length === 0 || given.length > MAX_SIGNATURES) return "malformed";
  return { prefix, seconds: time === undefined ? undefined : Number(time), signatures };
}

const fromHex = (text: string): Buffer | undefined =>
  /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, "hex") : undefined;

const fromBase64 = (text: string): Buffer | undefined =>
  /^[A-Za-z0-9+/]{43}=$/.test(text) ? Buffer.from(text, "base64") : undefined;
