import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** The list and the subscriber that a link is for. */
export type Subscription = { listId: string; subscriberId: number };

export type UnsubscribeLinks = ReturnType<typeof createUnsubscribeLinks>;

const ID_BYTES = 4;
const PAYLOAD_BYTES = ID_BYTES + 16 + 8;
/** Half of an HMAC-SHA256, which is still too long to guess, and keeps the link short. */
const MAC_BYTES = 16;
const TOKEN_LENGTH = Math.ceil(((PAYLOAD_BYTES + MAC_BYTES) * 4) / 3);
const TOKEN = /^[\w-]+$/;

type Key = { id: string; key: Buffer };

/**
 * Signed links to a person's subscription. A link is valid for years, because mails are kept for years. So each link
 * names its key: to replace a secret, put the new one first and keep the old one. A link contains ids and no address.
 */
export function createUnsubscribeLinks(secrets: readonly string[]) {
  const keys = secrets.map(toKey);
  return {
    /** The id of the key that signs new links. Undefined when there is no secret. */
    newestKeyId: keys[0]?.id,

    /** Signs the tokens of one list with this key, or with the newest key when this key is no longer configured. */
    signer(keyId: string, listId: string): (subscriberId: number) => string {
      const key = keys.find(({ id }) => id === keyId) ?? keys[0];
      const token = Buffer.alloc(PAYLOAD_BYTES + MAC_BYTES);
      token.write((key?.id ?? "") + listId.replaceAll("-", ""), "hex");
      return (subscriberId) => {
        if (key === undefined) throw new RangeError("There is no key to sign links with");
        token.writeBigUInt64BE(BigInt(subscriberId), ID_BYTES + 16);
        macOf(key, token).copy(token, PAYLOAD_BYTES);
        return token.toString("base64url");
      };
    },

    /** Undefined when none of our keys signed the token. */
    open(token: string): Subscription | undefined {
      const bytes = Buffer.from(token.length === TOKEN_LENGTH && TOKEN.test(token) ? token : "", "base64url");
      if (bytes.length !== PAYLOAD_BYTES + MAC_BYTES) return undefined;
      const keyId = bytes.toString("hex", 0, ID_BYTES);
      const key = keys.find(({ id }) => id === keyId);
      if (key === undefined || !timingSafeEqual(macOf(key, bytes), bytes.subarray(PAYLOAD_BYTES)))
        return undefined;
      const listId = bytes.toString("hex", ID_BYTES, ID_BYTES + 16);
      return {
        listId: listId.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"),
        subscriberId: Number(bytes.readBigUInt64BE(ID_BYTES + 16)),
      };
    },
  };
}

/** Derives a key for unsubscribe links only, so that nothing else signed with the secret is accepted as such a link. */
function toKey(secret: string): Key {
  const key = createHmac("sha256", secret).update("unsubscribe").digest();
  return {
    id: createHash("sha256")
      .update(key)
      .digest("hex")
      .slice(0, 2 * ID_BYTES),
    key,
  };
}

const macOf = ({ key }: Key, bytes: Buffer): Buffer =>
  createHmac("sha256", key).update(bytes.subarray(0, PAYLOAD_BYTES)).digest().subarray(0, MAC_BYTES);
