import { createHash, createHmac, hash, timingSafeEqual } from "node:crypto";

/** The list and the subscriber that a link is for. */
export type Subscription = { listId: string; subscriberId: number };

export type UnsubscribeLinks = ReturnType<typeof createUnsubscribeLinks>;

const ID_BYTES = 4;
const PAYLOAD_BYTES = ID_BYTES + 16 + 8;
const PAYLOAD_LENGTH = Math.ceil((PAYLOAD_BYTES * 4) / 3);
/** 132 bits of the MAC, which are too many to guess, and keep the link short. */
const MAC_LENGTH = 22;
const TOKEN = /^[\w-]+$/;

/** A key, and the id by which tokens name it. */
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
      const payload = Buffer.alloc(PAYLOAD_BYTES);
      payload.write((key?.id ?? "") + listId.replaceAll("-", ""), "hex");
      return (subscriberId) => {
        if (key === undefined) throw new RangeError("There is no key to sign links with");
        payload.writeBigUInt64BE(BigInt(subscriberId), ID_BYTES + 16);
        return payload.toString("base64url") + macOf(key, payload);
      };
    },

    /** Undefined when none of our keys signed the token. */
    open(token: string): Subscription | undefined {
      if (token.length !== PAYLOAD_LENGTH + MAC_LENGTH || !TOKEN.test(token)) return undefined;
      const payload = Buffer.from(token.slice(0, PAYLOAD_LENGTH), "base64url");
      const keyId = payload.toString("hex", 0, ID_BYTES);
      const key = keys.find(({ id }) => id === keyId);
      if (key === undefined || !isEqual(payload.toString("base64url") + macOf(key, payload), token))
        return undefined;
      const listId = payload.toString("hex", ID_BYTES, ID_BYTES + 16);
      return {
        listId: listId.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"),
        subscriberId: Number(payload.readBigUInt64BE(ID_BYTES + 16)),
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

/**
 * The MAC: the beginning of the SHA3-256 hash of the key and the payload. HMAC is not needed, because a SHA-3 hash, unlike
 * a SHA-256 hash, cannot be extended to the hash of a longer text. HMAC would take four times as long, and each mail of a
 * campaign has a link.
 */
const macOf = ({ key }: Key, payload: Buffer): string =>
  hash("sha3-256", Buffer.concat([key, payload]), "base64url").slice(0, MAC_LENGTH);

/** Compares two texts of one length in constant time. */
const isEqual = (one: string, other: string): boolean =>
  timingSafeEqual(Buffer.from(one), Buffer.from(other));
