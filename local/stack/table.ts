import { relative } from "node:path";
import type { Stack } from "#stack/stack-types.ts";

type Shown = Pick<Stack, "ports" | "keys" | "dataDir" | "environment" | "isHosted">;

/** The summary of a running stack, in a few lines. `seconds`: how long the start took. */
export function tableOf(
  { ports, keys, dataDir, environment, isHosted }: Shown,
  { seconds, timeScale }: { seconds: number; timeScale: number },
): string {
  const shownDir = shown(dataDir);
  const rows: [string, string][] = [
    ["Site and dashboard", dashboardOf(ports.site, keys.admin)],
    ["Supabase", isHosted ? (environment["SUPABASE_URL"] ?? "") : `http://localhost:${ports.supabase}`],
    ["Engine", (environment["INNGEST_DEV"] ?? "").replace("127.0.0.1", "localhost")],
    ["Inbox", `http://localhost:${ports.mail}`],
    ["Image provider", `http://localhost:${ports.mail}/images`],
    ["API key (admin)", keys.admin],
    ["API key (app)", keys.app],
    ["Data and logs", shownDir],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
  const demo = shownDir === "./.nightshift" ? "npm run demo" : `npm run demo -- --data-dir ${shownDir}`;
  return `
Nightshift is up (${seconds.toFixed(1)} s).${timeScale === 1 ? "" : ` Time runs ${timeScale} times faster.`}

${lines.join("\n")}

Try next:  curl -H "authorization: Bearer ${keys.admin}" http://localhost:${ports.site}/api/jobs
Work to look at, from another terminal:  ${demo}
Edits in src and netlify run by themselves. Ctrl-C stops everything.
`;
}

const shown = (dir: string): string => {
  const path = relative(process.cwd(), dir);
  return path.startsWith("..") ? dir : `./${path}`;
};

/**
 * The dashboard's address with the key. The page removes the key from its address at once, so that the key is neither
 * shared nor stored.
 */
export const dashboardOf = (port: number, adminKey: string): string =>
  `http://localhost:${port}/#key=${adminKey}`;
