import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { AppError } from "#lib/errors.ts";
import type { SecretKey } from "#lib/keys.ts";

/** A new signing secret, in the format of Standard Webhooks. */
export const newSecret = (): string => `whsec_${randomBytes(32).toString("base64")}`;

export type SecretBox = ReturnType<typeof createSecretBox>;

const ALGORITHM = "aes-256-gcm";
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts secrets for the database: `<key's name>.<base64url of IV, ciphertext and tag>`. A ciphertext is bound to its
 * endpoint, so that it cannot be moved to another row. The first key encrypts. Each key decrypts what it encrypted.
 */
export function createSecretBox(keys: readonly SecretKey[]) {
  return {
    seal(endpointId: string, secret: string): string {
      const [key] = keys;
      if (key === undefined) {
        throw new AppError("not_configured", "WEBHOOK_KEYS is not set", {
          hint: "Set WEBHOOK_KEYS to <name>:<key>, with a key from `openssl rand -base64 32`.",
        });
      }
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv(ALGORITHM, key.bytes, iv).setAAD(Buffer.from(endpointId));
      const sealed = Buffer.concat([iv, cipher.update(secret, "utf8"), cipher.final(), cipher.getAuthTag()]);
      return `${key.name}.${sealed.toString("base64url")}`;
    },

    open(endpointId: string, text: string): string {
      const [name, base64 = ""] = text.split(".");
      const key = keys.find((one) => one.name === name);
      if (key === undefined) throw new AppError("configuration", `WEBHOOK_KEYS has no key named ${name}`);
      const sealed = Buffer.from(base64, "base64url");
      const decipher = createDecipheriv(ALGORITHM, key.bytes, sealed.subarray(0, IV_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(endpointId)).setAuthTag(sealed.subarray(-TAG_BYTES));
      const secret = decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES));
      return Buffer.concat([secret, decipher.final()]).toString("utf8");
    },

    /** The name of the key that encrypts. */
    newest: keys[0]?.name,
  };
}
