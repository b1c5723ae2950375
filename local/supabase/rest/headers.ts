import { type Ask, refuse } from "../http.ts";
import { exposedSchema } from "./catalog.ts";
import { RestError } from "./errors.ts";

const singleObject = "application/vnd.pgrst.object+json";
const plain = new Set(["application/json", "*/*", "application/*", "application/vnd.pgrst.array+json"]);

/**
 * Refuses headers that ask for anything but JSON of the one schema. Returns whether the headers ask for a single
 * object.
 */
export const wantsSingle = (ask: Ask): boolean => {
  const profile = ask.header(ask.method === "POST" ? "content-profile" : "accept-profile");
  if (profile !== undefined && profile !== exposedSchema) {
    throw new RestError(406, "PGRST106", `Invalid schema: ${profile}`, {
      hint: `Only the following schemas are exposed: ${exposedSchema}`,
    });
  }
  if (ask.header("range") !== undefined) refuse("the Range header: use limit()");
  for (const preference of (ask.header("prefer") ?? "").split(",").map((part) => part.trim())) {
    if (/^(count|timezone|max-affected|params|tx)=|^handling=strict$/.test(preference))
      refuse(`the preference "${preference}"`);
  }
  const accept = ask.header("accept") ?? "application/json";
  const types = accept.split(",").map((item) => item.split(";")[0]?.trim() ?? "");
  const type = types.find((one) => one === singleObject || plain.has(one));
  if (type === undefined || accept.includes("nulls=stripped")) refuse(`the media type ${accept}`);
  return type === singleObject;
};
