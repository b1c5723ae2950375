import { relative } from "node:path";
import type { Stack } from "#stack/stack-types.ts";

/** The summary of a running stack, in a few lines. */
export function tableOf({ ports, keys, dataDir, environment, isHosted }: Stack, seconds: number): string {
  const rows: [string, string][] = [
    ["Site and dashboard", dashboardOf(ports.site, keys.admin)],
    ["Supabase", isHosted ? (environment["SUPABASE_URL"] ?? "") : `http://localhost:${ports.supabase}`],
    ["Engine", (environment["INNGEST_DEV"] ?? "").replace("127.0.0.1", "localhost")],
    ["Inbox", `http://localhost:${ports.mail}`],
    ["Image provider", `http://localhost:${ports.mail}/images`],
    ["API key (admin)", keys.admin],
    ["API key (app)", keys.app],
    [
      "Data and logs",
      relative(process.cwd(), dataDir).startsWith("..") ? dataDir : `./${relative(process.cwd(), dataDir)}`,
    ],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
  return `
Nightshift is up (${seconds.toFixed(1)} s).

${lines.join("\n")}

Try next:  curl -H "authorization: Bearer ${keys.admin}" http://localhost:${ports.site}/api/jobs
Work to look at, from another terminal:  npm run demo
Edits in src and netlify run by themselves. Ctrl-C stops everything.
`;
}

/**
 * The dashboard's address with the key. The page removes the key from its address at once, so that the key is neither
 * shared nor stored.
 */
export const dashboardOf = (port: number, adminKey: string): string =>
  `http://localhost:${port}/#key=${adminKey}`;
