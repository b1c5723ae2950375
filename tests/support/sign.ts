import { createHmac, randomUUID } from "node:crypto";

/** Signs as the providers do, by code of its own: the product's verifier has no part in it. */

const hmac = (secret: string | Buffer, text: string) => createHmac("sha256", secret).update(text);
const seconds = (at: Date) => Math.floor(at.getTime() / 1000);

export const stripeHeaders = (body: string, secret: string, at = new Date()) => ({
  "content-type": "application/json; charset=utf-8",
  "stripe-signature": `t=${seconds(at)},v1=${hmac(secret, `${seconds(at)}.${body}`).digest("hex")}`,
});

export const githubHeaders = (body: string, secret: string, type: string, id: string = randomUUID()) => ({
  "content-type": "application/json",
  "x-github-event": type,
  "x-github-delivery": id,
  "x-hub-signature-256": `sha256=${hmac(secret, body).digest("hex")}`,
});

export function resendHeaders(body: string, secret: string, id: string = randomUUID(), at = new Date()) {
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  return {
    "content-type": "application/json",
    "svix-id": id,
    "svix-timestamp": String(seconds(at)),
    "svix-signature": `v1,${hmac(key, `${id}.${seconds(at)}.${body}`).digest("base64")}`,
  };
}

/** Supabase Auth signs with each of its secrets, and writes a comma between two signatures. */
export function hookHeaders(body: string, secrets: readonly string[], at = new Date()) {
  const id = randomUUID();
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.replace("v1,whsec_", ""), "base64");
    return `v1,${hmac(key, `${id}.${seconds(at)}.${body}`).digest("base64")}`;
  });
  return {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(seconds(at)),
    "webhook-signature": signatures.join(", "),
  };
}
