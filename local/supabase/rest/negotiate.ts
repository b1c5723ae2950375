import { z } from "zod";
import { type Answer, type Ask, refuse } from "../http.ts";
import { exposedSchema, type FunctionEntry } from "./catalog.ts";
import { RestError } from "./errors.ts";

/** What the headers ask of an answer. */
export type Preferences = { single: boolean; count: boolean };

const singleObject = "application/vnd.pgrst.object+json";
const plain = new Set(["application/json", "*/*", "application/*", "application/vnd.pgrst.array+json"]);

export const readPreferences = (ask: Ask): Preferences => {
  const profile = ask.header(ask.method === "POST" ? "content-profile" : "accept-profile");
  if (profile !== undefined && profile !== exposedSchema) {
    throw new RestError(406, "PGRST106", `Invalid schema: ${profile}`, {
      hint: `Only the following schemas are exposed: ${exposedSchema}`,
    });
  }
  if (ask.header("range") !== undefined) refuse("the Range header: use range(), limit() or offset");
  return { single: wantsSingle(ask.header("accept")), count: wantsCount(ask.header("prefer")) };
};

const wantsSingle = (accept: string | undefined): boolean => {
  if (accept === undefined) return false;
  for (const item of accept.split(",")) {
    const [type = "", ...parameters] = item.split(";").map((part) => part.trim());
    if (parameters.includes("nulls=stripped")) refuse(`the media type ${item}`);
    if (type === singleObject) return true;
    if (plain.has(type)) return false;
  }
  if (/text\/csv|geo\+json|vnd\.pgrst\.plan|octet-stream|text\/plain|xml/.test(accept))
    refuse(`the media type ${accept}`);
  throw new RestError(406, "PGRST107", `None of these media types are available: ${accept}`);
};

const wantsCount = (prefer: string | undefined): boolean => {
  if (prefer === undefined) return false;
  let count = false;
  for (const item of prefer.split(",").map((part) => part.trim())) {
    if (item === "count=exact") count = true;
    else if (/^(count|timezone|max-affected|params|tx)=|^handling=strict$/.test(item))
      refuse(`the preference "${item}"`);
  }
  return count;
};

/** From the one row that every statement gives to the answer of PostgREST. */
export const answerRows = (
  ask: Ask,
  row: readonly (string | null)[] | undefined,
  { single }: Preferences,
  entry?: FunctionEntry,
): Answer => {
  const [body = null, countText = "0", totalText = null, setHeaders = null, setStatus = null] = row ?? [];
  const rows = Number(countText);
  if (single && entry?.returns !== "scalar" && entry?.returns !== "void" && rows !== 1) throw notOneRow(rows);
  const offset = Number(ask.query.get("offset") ?? "0");
  const total = totalText === null ? undefined : Number(totalText);
  if (total !== undefined && offset > total) throw outOfRange(offset, total);
  const partial = total !== undefined && rows < total;
  const headers: Record<string, string> = {
    "content-range": `${rows === 0 ? "*" : `${offset}-${offset + rows - 1}`}/${total ?? "*"}`,
  };
  if (setHeaders !== null) addHeaders(headers, setHeaders);
  const status = setStatus === null ? (partial ? 206 : 200) : Number(setStatus);
  if (entry?.returns === "void") return { status: setStatus === null ? 204 : status, headers };
  headers["content-type"] ??= single ? `${singleObject}; charset=utf-8` : "application/json; charset=utf-8";
  return body === null ? { status, headers } : { status, headers, body };
};

const headerList = z.array(z.record(z.string(), z.string()));

/** A function may set headers of its answer: `set_config('response.headers', '[{"name": "value"}]', true)`. */
const addHeaders = (headers: Record<string, string>, text: string) => {
  try {
    for (const one of headerList.parse(JSON.parse(text))) {
      for (const [name, value] of Object.entries(one)) headers[name.toLowerCase()] = value;
    }
  } catch {
    throw new RestError(
      500,
      "PGRST111",
      "response.headers guc must be a JSON array composed of objects with a single key and a string value",
    );
  }
};

export const notOneRow = (rows: number) =>
  new RestError(406, "PGRST116", "Cannot coerce the result to a single JSON object", {
    details: `The result contains ${rows} rows`,
  });

const outOfRange = (offset: number, total: number) =>
  new RestError(416, "PGRST103", "Requested range not satisfiable", {
    details: `An offset of ${offset} was requested, but there are only ${total} rows.`,
  });
