/**
 * `npm run sync -- https://<site>` tells Inngest which functions a site has. The site refuses unsigned calls, so the
 * call is signed with INNGEST_SIGNING_KEY, like Inngest's own calls.
 */

import { createHmac } from "node:crypto";
import { pathToFileURL } from "node:url";

/** The `x-inngest-signature` of an empty body. */
export function signatureOfNothing(signingKey: string, at: Date): string {
  const seconds = String(Math.floor(at.getTime() / 1000));
  const key = signingKey.replace(/^signkey-\w+-/, "");
  return `t=${seconds}&s=${createHmac("sha256", key).update(seconds).digest("hex")}`;
}

async function sync(site: string | undefined, signingKey: string | undefined): Promise<string> {
  if (site === undefined || !URL.canParse(site))
    throw new Error(
      "Name the site: npm run sync -- https://<site>, with its INNGEST_SIGNING_KEY in the environment.",
    );
  if (!signingKey) throw new Error("Set INNGEST_SIGNING_KEY to the key that the site has.");
  const response = await fetch(new URL("/api/inngest", site), {
    method: "PUT",
    headers: { "x-inngest-signature": signatureOfNothing(signingKey, new Date()) },
  });
  const answer = await response.text();
  if (response.ok) return answer;
  const hint =
    response.status === 401 ? "The site has another signing key." : "Look into the site's function log.";
  throw new Error(`${site} answered ${response.status}: ${answer}\n${hint}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  try {
    process.stdout.write(`${await sync(process.argv[2], process.env["INNGEST_SIGNING_KEY"])}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
