import { createHmac } from "node:crypto";

type Message = { id: string; body: string; secrets: readonly string[]; now: Date };

/**
 * The headers that prove who sent a message. Standard Webhooks 1.0 signs `<id>.<timestamp>.<body>`, with every secret
 * that is valid during a rotation. `X-Webhook-Signature` is the header of the source documents: it signs only the body,
 * with the newest secret, so a receiver cannot recognize a repeated request by this header.
 */
export function signedHeaders({ id, body, secrets, now }: Message): Record<string, string> {
  const timestamp = String(Math.floor(now.getTime() / 1000));
  const sign = (secret: string, text: string) => createHmac("sha256", keyOf(secret)).update(text);
  const signatures = secrets.map(
    (secret) => `v1,${sign(secret, `${id}.${timestamp}.${body}`).digest("base64")}`,
  );
  const [newest = ""] = secrets;
  return {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatures.join(" "),
    "x-webhook-signature": `sha256=${sign(newest, body).digest("hex")}`,
  };
}

const keyOf = (secret: string) => Buffer.from(secret.replace(/^whsec_/, ""), "base64");

const SIGNATURES = new Set(["webhook-signature", "x-webhook-signature"]);

/**
 * The signed headers, as the log of attempts stores them. The signatures are left out, because with a signature a reader
 * of the log could send the body in our name.
 */
export const withoutSignatures = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, SIGNATURES.has(name) ? "(not kept)" : value]),
  );
