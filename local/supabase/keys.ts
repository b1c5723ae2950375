import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import type { JWK } from "jose";
import { exportJWK } from "jose/key/export";
import { generateKeyPair } from "jose/key/generate/keypair";
import { z } from "zod";

/** The keys of a Supabase project: two API keys, and the key that signs users' tokens. */
export type Keys = { publishable: string; secret: string; signing: JWK };

const keysSchema = z.object({
  publishable: z.string(),
  secret: z.string(),
  signing: z.object({ kty: z.string(), kid: z.string(), alg: z.string() }).loose(),
});

/** The keys of this machine: created once, stored beside the data, readable only by their owner. */
export const machineKeys = async (dataDir: string): Promise<Keys> => {
  const file = path.join(dataDir, "supabase-keys.json");
  try {
    return keysSchema.parse(JSON.parse(fs.readFileSync(file, "utf8")));
  } catch (error) {
    if (fs.existsSync(file))
      throw new Error(`${file} cannot be read. Remove it and new keys will be made.`, { cause: error });
  }
  const keys = await newKeys();
  fs.mkdirSync(dataDir, { recursive: true });
  const unfinished = `${file}.${process.pid}`;
  fs.writeFileSync(unfinished, `${JSON.stringify(keys, undefined, 2)}\n`, { mode: 0o600 });
  fs.renameSync(unfinished, file);
  return keys;
};

export const newKeys = async (): Promise<Keys> => {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const signing = {
    ...(await exportJWK(privateKey)),
    alg: "ES256",
    kid: randomBytes(12).toString("base64url"),
  };
  return {
    publishable: `sb_publishable_${randomBytes(18).toString("base64url")}`,
    secret: `sb_secret_${randomBytes(18).toString("base64url")}`,
    signing,
  };
};
