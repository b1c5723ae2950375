import { z } from "zod";
import type { Database, Identity } from "../database.ts";
import { type Answer, type Ask, json, refuse } from "../http.ts";
import { isAnswer, serviceIdentity } from "../identity.ts";
import type { Keys } from "../keys.ts";
import { readJson } from "./body.ts";
import { createBuckets, findBucket } from "./buckets.ts";
import { download } from "./download.ts";
import { objectNotFound, storageErrorAnswer } from "./errors.ts";
import { openFiles } from "./files.ts";
import { createLinks } from "./links.ts";
import { listObjects, listSchema } from "./list.ts";
import { createObjects, type Place } from "./objects.ts";
import { presentInfo } from "./present-info.ts";
import { createSigning } from "./signing.ts";
import { checkedKey, receiveUpload } from "./upload.ts";

type Identify = (ask: Ask) => Promise<Identity | Answer>;

/** `/storage/v1`: buckets and objects; rows in Postgres under its policies, bytes in a folder. */
export const createStorage = (database: Database, keys: Keys, directory: string, identify: Identify) => {
  const files = openFiles(directory);
  const buckets = createBuckets(database, files);
  const objects = createObjects(database, files);
  const links = createLinks(keys);
  const signing = createSigning(database, objects, links);

  const upload = async (ask: Ask, identity: Identity, { bucket, key }: Place, upsert: boolean) => {
    const rules = await findBucket(database.own, bucket);
    const received = await receiveUpload(ask, rules, files);
    const id = await objects.save(identity, { bucket, key: checkedKey(key) }, received, upsert);
    return json(200, { Key: `${bucket}/${key}`, Id: id });
  };

  const relocate = async (ask: Ask, identity: Identity, verb: "move" | "copy") => {
    const body = await readJson(ask, relocation);
    const from = { bucket: body.bucketId, key: body.sourceKey };
    const to = { bucket: body.destinationBucket ?? body.bucketId, key: checkedKey(body.destinationKey) };
    await findBucket(database.own, to.bucket);
    if (verb === "copy") {
      const id = await objects.copy(identity, from, to);
      return json(200, { Id: id, Key: `${to.bucket}/${to.key}` });
    }
    await objects.move(identity, from, to);
    return json(200, { message: "Successfully moved" });
  };

  const list = async (ask: Ask, identity: Identity, bucket: string) => {
    const wanted = await readJson(ask, listSchema);
    return json(200, await database.transaction(identity, (client) => listObjects(client, bucket, wanted)));
  };

  /** What a link or a public bucket opens: no API key is asked. */
  const openRoute = async (ask: Ask, segments: readonly string[]): Promise<Answer | undefined> => {
    const [area = "", ...rest] = segments;
    const reads = ask.method === "GET" || ask.method === "HEAD";
    if (area === "public" && reads) return download(ask, await objects.getPublic(placeOf(rest)), files);
    if (area === "sign" && reads) {
      await links.verify(ask.query.get("token"), rest.join("/"), "download");
      return download(ask, await objects.get(serviceIdentity, placeOf(rest)), files);
    }
    if (area === "upload" && rest[0] === "sign" && ask.method === "PUT") {
      const claims = await links.verify(ask.query.get("token"), rest.slice(1).join("/"), "upload");
      return upload(ask, serviceIdentity, placeOf(rest.slice(1)), claims.upsert);
    }
    return undefined;
  };

  const objectRoute = async (ask: Ask, identity: Identity, segments: readonly string[]): Promise<Answer> => {
    const [verb = "", ...rest] = segments;
    const { bucket, key } = placeOf(rest);
    switch (`${ask.method} ${verb}`) {
      case "POST move":
        return relocate(ask, identity, "move");
      case "POST copy":
        return relocate(ask, identity, "copy");
      case "POST list":
        return list(ask, identity, bucket);
      case "POST sign":
        return key === "" ? signing.many(ask, identity, bucket) : signing.one(ask, identity, bucket, key);
      case "GET info": {
        if (bucket === "public") return presentInfo(await objects.getPublic(placeOf(rest.slice(1))));
        const place = placeOf(bucket === "authenticated" ? rest.slice(1) : rest);
        return presentInfo(await objects.get(identity, place));
      }
      case "POST upload": {
        const place = placeOf(rest.slice(1));
        if (bucket === "sign") return signing.upload(ask, identity, place.bucket, place.key);
      }
    }
    return plainObject(ask, identity, placeOf(verb === "authenticated" ? rest : segments));
  };

  const plainObject = async (ask: Ask, identity: Identity, place: Place): Promise<Answer> => {
    switch (ask.method) {
      case "GET":
      case "HEAD":
        return download(ask, await objects.get(identity, place), files);
      case "POST":
        return upload(ask, identity, place, ask.header("x-upsert") === "true");
      case "PUT":
        return upload(ask, identity, place, true);
      case "DELETE": {
        if (place.key === "") {
          const { prefixes } = await readJson(ask, z.object({ prefixes: z.array(z.string()) }));
          return json(200, await objects.remove(identity, place.bucket, prefixes));
        }
        const removed = await objects.remove(identity, place.bucket, [place.key]);
        if (removed.length === 0) throw objectNotFound();
        return json(200, { message: "Successfully deleted" });
      }
      default:
        return refuse(`${ask.method} ${ask.path}`);
    }
  };

  return async (ask: Ask): Promise<Answer> => {
    try {
      const [area, ...segments] = ask.path.slice("/storage/v1/".length).split("/").map(decodeURIComponent);
      const open = area === "object" ? await openRoute(ask, segments) : undefined;
      if (open !== undefined) return open;
      const identity = await identify(ask);
      if (isAnswer(identity)) return identity;
      if (area === "bucket") return await buckets(ask, identity, segments);
      if (area === "object") return await objectRoute(ask, identity, segments);
      return refuse(`${ask.method} ${ask.path}`);
    } catch (error) {
      const answer = storageErrorAnswer(error);
      if (answer === undefined) throw error;
      return answer;
    }
  };
};

const placeOf = ([bucket = "", ...key]: readonly string[]): Place => ({ bucket, key: key.join("/") });

const relocation = z.object({
  bucketId: z.string(),
  sourceKey: z.string(),
  destinationKey: z.string(),
  destinationBucket: z.string().optional(),
});
