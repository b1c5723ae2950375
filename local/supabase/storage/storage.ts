import { z } from "zod";
import { type Database, type Identity } from "../database.ts";
import { type Answer, type Ask, json, refuse } from "../http.ts";
import { isAnswer, serviceIdentity } from "../identity.ts";
import type { Keys } from "../keys.ts";
import { readJson } from "./body.ts";
import { createBuckets, findBucket } from "./buckets.ts";
import { download } from "./download.ts";
import { objectNotFound, StorageError, storageErrorAnswer } from "./errors.ts";
import { openFiles } from "./files.ts";
import { createLinks } from "./links.ts";
import { listObjects, listSchema } from "./list.ts";
import { createObjects } from "./objects.ts";
import { checkedKey, receiveUpload } from "./upload.ts";

type Identify = (ask: Ask) => Promise<Identity | Answer>;
const uploadLinkSeconds = 7_200;

/** `/storage/v1`: buckets and objects; rows in Postgres under its policies, bytes in a folder. */
export const createStorage = (database: Database, keys: Keys, directory: string, identify: Identify) => {
  const files = openFiles(directory);
  const buckets = createBuckets(database, files);
  const objects = createObjects(database, files);
  const links = createLinks(keys);

  const upload = async (ask: Ask, identity: Identity, bucket: string, key: string, upsert: boolean) => {
    const rules = await findBucket(database.own, bucket);
    const received = await receiveUpload(ask, rules, files);
    const id = await objects.save(identity, { bucket, key: checkedKey(key) }, received, upsert);
    return json(200, { Key: `${bucket}/${key}`, Id: id });
  };

  const info = async (identity: Identity, bucket: string, key: string) => {
    const object = await objects.get(identity, { bucket, key });
    const { id, name, version, metadata } = object;
    return json(200, {
      id,
      name,
      version,
      bucket_id: bucket,
      size: metadata.size,
      content_type: metadata.mimetype,
      cache_control: metadata.cacheControl,
      etag: metadata.eTag,
      metadata: object.user_metadata ?? {},
      last_modified: object.updated_at,
      created_at: object.created_at,
    });
  };

  const linkTo = async (identity: Identity, bucket: string, key: string, seconds: number) => {
    await objects.get(identity, { bucket, key });
    const token = await links.sign({ url: `${bucket}/${key}`, intent: "download", upsert: false }, seconds);
    return `/object/sign/${bucket}/${encodeKey(key)}?token=${token}`;
  };

  const signMany = async (ask: Ask, identity: Identity, bucket: string) => {
    const { expiresIn, paths } = await readJson(
      ask,
      z.object({ expiresIn: z.number(), paths: z.array(z.string()) }),
    );
    const all = paths.map(async (path) => {
      try {
        return { error: null, path, signedURL: await linkTo(identity, bucket, path, expiresIn) };
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
        return {
          error: "Either the object does not exist or you do not have access to it",
          path,
          signedURL: null,
        };
      }
    });
    return json(200, await Promise.all(all));
  };

  const signUpload = async (ask: Ask, identity: Identity, bucket: string, key: string) => {
    await findBucket(database.own, bucket);
    const upsert = ask.header("x-upsert") === "true";
    await mayWrite(identity, bucket, checkedKey(key), upsert);
    const token = await links.sign({ url: `${bucket}/${key}`, intent: "upload", upsert }, uploadLinkSeconds);
    return json(200, { url: `/object/upload/sign/${bucket}/${encodeKey(key)}?token=${token}`, token });
  };

  /** Asks the policies by doing it and taking it back. */
  const mayWrite = async (identity: Identity, bucket: string, key: string, upsert: boolean) => {
    const undo = new Error("undo");
    await database
      .transaction(identity, async (client) => {
        const conflict = upsert ? "on conflict (bucket_id, name) do update set updated_at = now()" : "";
        await client.query(
          `insert into storage.objects (bucket_id, name, version) values ($1, $2, '') ${conflict}`,
          [bucket, key],
        );
        throw undo;
      })
      .catch((error: unknown) => {
        if (error !== undo) throw error;
      });
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

  /** Routes that a link or a public bucket opens: no API key is asked. */
  const openRoute = async (ask: Ask, [area, ...rest]: readonly string[]): Promise<Answer | undefined> => {
    const reads = ask.method === "GET" || ask.method === "HEAD";
    if (area === "public" && reads) {
      const [bucket = "", ...key] = rest;
      return download(ask, await objects.getPublic({ bucket, key: key.join("/") }), files);
    }
    if (area === "sign" && reads) {
      const [bucket = "", ...key] = rest;
      await links.verify(ask.query.get("token"), [bucket, ...key].join("/"), "download");
      return download(ask, await objects.get(serviceIdentity, { bucket, key: key.join("/") }), files);
    }
    if (area === "upload" && rest[0] === "sign" && ask.method === "PUT") {
      const [bucket = "", ...key] = rest.slice(1);
      const claims = await links.verify(ask.query.get("token"), [bucket, ...key].join("/"), "upload");
      return upload(ask, serviceIdentity, bucket, key.join("/"), claims.upsert);
    }
    return undefined;
  };

  const objectRoute = async (ask: Ask, identity: Identity, segments: readonly string[]): Promise<Answer> => {
    const [first = "", second = "", ...more] = segments;
    const rest = more.join("/");
    const route = `${ask.method} ${first}`;
    if (route === "POST move" || route === "POST copy")
      return relocate(ask, identity, first === "move" ? "move" : "copy");
    if (route === "POST list") {
      const wanted = await readJson(ask, listSchema);
      return json(200, await database.transaction(identity, (client) => listObjects(client, second, wanted)));
    }
    if (route === "POST sign") {
      if (rest === "") return signMany(ask, identity, second);
      const { expiresIn, transform } = await readJson(ask, signSchema);
      if (transform !== undefined) refuse("image transformations");
      return json(200, { signedURL: await linkTo(identity, second, rest, expiresIn) });
    }
    if (route === "POST upload" && second === "sign") {
      const [bucket = "", ...key] = more;
      return signUpload(ask, identity, bucket, key.join("/"));
    }
    if (first === "info" && ask.method === "GET") {
      if (second !== "public" && second !== "authenticated") return info(identity, second, rest);
      const [bucket = "", ...key] = more;
      return info(second === "public" ? serviceIdentity : identity, bucket, key.join("/"));
    }
    const [bucket = "", ...key] = first === "authenticated" ? [second, ...more] : segments;
    return plainObject(ask, identity, bucket, key.join("/"));
  };

  const plainObject = async (ask: Ask, identity: Identity, bucket: string, key: string): Promise<Answer> => {
    switch (ask.method) {
      case "GET":
      case "HEAD":
        return download(ask, await objects.get(identity, { bucket, key }), files);
      case "POST":
        return upload(ask, identity, bucket, key, ask.header("x-upsert") === "true");
      case "PUT":
        return upload(ask, identity, bucket, key, true);
      case "DELETE": {
        if (key === "") {
          const { prefixes } = await readJson(ask, z.object({ prefixes: z.array(z.string()) }));
          return json(200, await objects.remove(identity, bucket, prefixes));
        }
        if ((await objects.remove(identity, bucket, [key])).length === 0) throw objectNotFound();
        return json(200, { message: "Successfully deleted" });
      }
      default:
        return refuse(`${ask.method} ${ask.path}`);
    }
  };

  return async (ask: Ask): Promise<Answer> => {
    try {
      const [area, ...segments] = ask.path.slice("/storage/v1/".length).split("/").map(decodeURIComponent);
      if (area === "object") {
        const answer = await openRoute(ask, segments);
        if (answer !== undefined) return answer;
      }
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

const encodeKey = (key: string) => key.split("/").map(encodeURIComponent).join("/");
const signSchema = z.object({ expiresIn: z.number(), transform: z.unknown().optional() });
const relocation = z.object({
  bucketId: z.string(),
  sourceKey: z.string(),
  destinationKey: z.string(),
  destinationBucket: z.string().optional(),
});
