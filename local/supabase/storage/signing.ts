import { z } from "zod";
import type { Database, Identity } from "../database.ts";
import { type Answer, type Ask, json, refuse } from "../http.ts";
import { readJson } from "./body.ts";
import { findBucket } from "./buckets.ts";
import type { Links } from "./links.ts";
import type { Objects, Place } from "./objects.ts";
import { checkedKey } from "./upload.ts";

const uploadLinkSeconds = 7_200;
const encodeKey = (key: string) => key.split("/").map(encodeURIComponent).join("/");

/** Makes signed links. The caller must be allowed to do what the link will allow. */
export const createSigning = (database: Database, objects: Objects, links: Links) => {
  const linkTo = async (identity: Identity, bucket: string, key: string, seconds: number) => {
    await objects.get(identity, { bucket, key });
    const token = await links.sign({ url: `${bucket}/${key}`, intent: "download", upsert: false }, seconds);
    return `/object/sign/${bucket}/${encodeKey(key)}?token=${token}`;
  };

  const download = async (ask: Ask, identity: Identity, { bucket, key }: Place): Promise<Answer> => {
    const { expiresIn, transform } = await readJson(ask, signSchema);
    if (transform !== undefined) refuse("image transformations");
    return json(200, { signedURL: await linkTo(identity, bucket, key, expiresIn) });
  };

  const upload = async (ask: Ask, identity: Identity, { bucket, key }: Place): Promise<Answer> => {
    await findBucket(database.own, bucket);
    const upsert = ask.header("x-upsert") === "true";
    await objects.tryToSave(identity, { bucket, key: checkedKey(key) }, upsert);
    const token = await links.sign({ url: `${bucket}/${key}`, intent: "upload", upsert }, uploadLinkSeconds);
    return json(200, { url: `/object/upload/sign/${bucket}/${encodeKey(key)}?token=${token}`, token });
  };

  return { download, upload };
};

const signSchema = z.object({ expiresIn: z.number(), transform: z.unknown().optional() });
