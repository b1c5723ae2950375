/**
 * The product's own app with its ledger, in front of an engine that is known only by its address: real HTTP both ways,
 * and a real clock. As on Netlify, the API and the functions are two apps on one database.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { createMailProvider } from "@nightshift/local/providers/mail/provider.ts";
import type { InngestFunction } from "inngest";
import { type App, createApp } from "#app.ts";
import { allFunctions } from "#functions.ts";
import type { Platform } from "#platform.ts";
import { testApp } from "../../support/app.ts";
import { freshDatabase } from "../../support/database.ts";

export type LedgerHouse = Awaited<ReturnType<typeof openLedgerHouse>>;

export async function openLedgerHouse(
  engineUrl: string,
  functions: (platform: Platform) => InngestFunction.Any[],
) {
  const database = await freshDatabase();
  const mail = createMailProvider();
  const outside: typeof fetch = (input, init) => {
    const { hostname, origin } = new URL(input instanceof Request ? input.url : String(input));
    if (hostname === "mail.local") return mail.fetch(new Request(input, init));
    if (hostname === "slack.local") return Promise.resolve(new Response("ok"));
    if (origin === new URL(engineUrl).origin) return fetch(input, init);
    return Promise.reject(new TypeError(`fetch failed: nobody answers ${origin}`));
  };
  const api = await testApp(database, {
    env: {
      INNGEST_DEV: engineUrl,
      SLACK_WEBHOOK_URL: "http://slack.local/hook",
      MAIL_REQUESTS_PER_SECOND: "0",
      PLAN: "pro",
    },
    outside,
  });

  let served: App | undefined;
  const listener = getRequestListener(
    (request) => served?.doors.inngest(request) ?? new Response("not served yet", { status: 503 }),
    { overrideGlobalObjects: false },
  );
  const server = createServer((request, response) => void listener(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/inngest`;

  return {
    ...api,
    engineUrl,
    /** Serves the functions in this mode from now on, and registers them. */
    async serve(checkpointing: boolean) {
      served = createApp({ ...api.env, CHECKPOINTING: checkpointing }, { fetch: api.fetch }, (platform) => [
        ...allFunctions(platform),
        ...functions(platform),
      ]);
      const response = await fetch(url, { method: "PUT" });
      if (!response.ok) throw new Error(`not registered: ${response.status} ${await response.text()}`);
    },
    /** Rows of the database, for facts that the API does not show. */
    rows: async (sql: string, values?: unknown[]) => (await database.sql.query(sql, values)).rows,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      mail.close();
      await database.close();
    },
  };
}
