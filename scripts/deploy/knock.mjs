// @ts-check
/**
 * This script is copied beside a bundled door. The script loads the door as Netlify does, sends it one request, and
 * prints {"status", "body"} on a line of its own. The script is plain JavaScript, because a server has no TypeScript.
 */
/* oxlint-disable typescript/no-unsafe-assignment, typescript/no-unsafe-call -- the type of the loaded module is known only at run time */
import { pathToFileURL } from "node:url";

const [, , main = "", method = "GET", url = ""] = process.argv;
const { default: door } = await import(pathToFileURL(main).href);
const request = new Request(url, { method, headers: { host: new URL(url).host } });
const response = await door(request, { params: {}, waitUntil: () => {} });
const status = response instanceof Response ? response.status : 204;
const body = response instanceof Response ? await response.text() : "";
process.stdout.write(`\n${JSON.stringify({ status, body })}\n`, () => process.exit(0));
