import { z } from "zod";
import type { Database, Identity } from "../database.ts";
import { type Answer, type Ask, json, refuse } from "../http.ts";
import { type Identify, serviceIdentity } from "../identity.ts";
import type { Keys } from "../keys.ts";
import { readJson } from "./body.ts";
import { findBucket } from "./buckets.ts";
import { download } from "./download.ts";
import { storageErrorAnswer } from "./errors.ts";
import { openFiles } from "./files.ts";
import { createLinks } from "./links.ts";
import { listObjects, listSchema } from "./list.ts";
import { createObjects, type Place } from "./objects.ts";
import { createSigning } from "./signing.ts";
import { checkedKey, receiveUpload } from "./upload.ts";

type ObjectHandler = (identity: Identity) => Promise<Answer>;

/** Storage reserves these first segments after `/object`, so no bucket can have such a name. */
const verbs = new Set([
  "authenticated",
  "copy",
  "info",
  "list",
  "list-v2",
  "move",
  "public",
  "sign",
  "upload",
]);

/** `/storage/v1/object`: rows in Postgres under its policies, bytes in a folder. */
export const createStorage = (database: Database, keys: Keys, directory: string, identify: Identify) => {
  const files = openFiles(directory);
  const objects = createObjects(database, files);
  const links = createLinks(keys);
  const signing = createSigning(database, objects, links);

  const upload = async (ask: Ask, identity: Identity, { bucket, key }: Place, upsert: boolean) => {
    // The key is checked first: bytes that were received for an invalid key would stay in the folder.
    const place = { bucket, key: checkedKey(key) };
    const rules = await findBucket(database.own, bucket);
    const received = await receiveUpload(ask, rules, files);
    const id = await objects.save(identity, place, received, upsert);
    return json(200, { Key: `${bucket}/${key}`, Id: id });
  };

  const list = async (ask: Ask, identity: Identity, bucket: string) => {
    const wanted = await readJson(ask, listSchema);
    return json(200, await database.transaction(identity, (client) => listObjects(client, bucket, wanted)));
  };

  const remove = async (ask: Ask, identity: Identity, bucket: string) => {
    const { prefixes } = await readJson(ask, removal);
    return json(200, await objects.remove(identity, bucket, prefixes));
  };

  /** Requests with a signed link, which need no API key. */
  const linked = (ask: Ask, [area, ...rest]: readonly string[]): Promise<Answer> | undefined => {
    const token = ask.query.get("token");
    const open = async () => {
      await links.verify(token, rest.join("/"), "download");
      return download(ask, await objects.get(serviceIdentity, placeOf(rest)), files);
    };
    const fill = async () => {
      const place = rest.slice(1);
      const { upsert } = await links.verify(token, place.join("/"), "upload");
      return upload(ask, serviceIdentity, placeOf(place), upsert);
    };
    if (area === "sign" && isRead(ask)) return open();
    if (area === "upload" && rest[0] === "sign" && ask.method === "PUT") return fill();
    return undefined;
  };

  /** Handles requests to all other addresses, with the caller's identity. */
  const route = (ask: Ask, segments: readonly string[]): ObjectHandler => {
    const [verb = "", ...rest] = segments;
    const named = placeOf(rest);
    if (ask.method === "POST" && verb === "list" && named.key === "")
      return (identity) => list(ask, identity, named.bucket);
    if (ask.method === "POST" && verb === "sign" && named.key !== "")
      return (identity) => signing.download(ask, identity, named);
    if (ask.method === "POST" && verb === "upload" && named.bucket === "sign")
      return (identity) => signing.upload(ask, identity, placeOf(rest.slice(1)));
    if (isRead(ask) && verb === "authenticated") return (identity) => read(ask, identity, named);
    const place = placeOf(segments);
    if (!verbs.has(verb) && place.key !== "") {
      if (isRead(ask)) return (identity) => read(ask, identity, place);
      if (ask.method === "POST")
        return (identity) => upload(ask, identity, place, ask.header("x-upsert") === "true");
    }
    if (!verbs.has(verb) && place.key === "" && ask.method === "DELETE")
      return (identity) => remove(ask, identity, place.bucket);
    return refuse(`${ask.method} ${ask.path}`);
  };

  const read = async (ask: Ask, identity: Identity, place: Place) =>
    download(ask, await objects.get(identity, place), files);

  return async (ask: Ask): Promise<Answer> => {
    try {
      const [area, ...segments] = ask.path.slice("/storage/v1/".length).split("/").map(decodeURIComponent);
      if (area !== "object") return refuse(`${ask.method} ${ask.path}`);
      const open = linked(ask, segments);
      if (open !== undefined) return await open;
      const handle = route(ask, segments);
      return await handle(await identify(ask));
    } catch (error) {
      const answer = storageErrorAnswer(error);
      if (answer === undefined) throw error;
      return answer;
    }
  };
};

const isRead = ({ method }: Ask) => method === "GET" || method === "HEAD";

const placeOf = ([bucket = "", ...key]: readonly string[]): Place => ({ bucket, key: key.join("/") });

const removal = z.object({ prefixes: z.array(z.string()) });
