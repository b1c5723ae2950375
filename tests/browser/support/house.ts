import { mkdtempSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createApiKey } from "@nightshift/local/api-key.ts";
import { createApi } from "@nightshift/local/engine/api.ts";
import { realClock } from "@nightshift/local/engine/clock.ts";
import { Engine } from "@nightshift/local/engine/engine.ts";
import { serve } from "@nightshift/local/engine/server.ts";
import { memoryStore } from "@nightshift/local/engine/store-memory.ts";
import { httpTransport } from "@nightshift/local/engine/transport.ts";
import { listen } from "@nightshift/local/netlify/listen.ts";
import { withLocalStack } from "@nightshift/local/netlify/local-stack.ts";
import { readNetlifyToml } from "@nightshift/local/netlify/netlify-toml.ts";
import { createSite } from "@nightshift/local/netlify/site.ts";
import { createImagesProvider } from "@nightshift/local/providers/images/provider.ts";
import { createMailProvider } from "@nightshift/local/providers/mail/provider.ts";
import { builtPage } from "@nightshift/local/stack/page.ts";
import { createGateway } from "@nightshift/local/supabase/gateway.ts";
import { serve as serveGateway } from "@nightshift/local/supabase/server.ts";
import { vi } from "vitest";
import { freshDatabase } from "../../support/database.ts";
import { apiOf } from "./api.ts";

export type House = Awaited<ReturnType<typeof openHouse>>;

const projectDir = resolve(import.meta.dirname, "../../..");
const anywhere = { host: "127.0.0.1", port: 0 };

/**
 * The parts that `npm start` runs, in this process and on free ports: gateway, engine, providers, and the site with its doors and
 * its page as Netlify would serve them. Each test file has its own database, so that a page can be tested empty.
 */
export async function openHouse(more: Record<string, string> = {}) {
  const database = await freshDatabase();
  const storageDir = mkdtempSync(join(tmpdir(), "nightshift-browser-"));
  const gateway = await createGateway({ databaseUrl: database.url, keys: database.keys, storageDir });
  const supabase = await serveGateway(gateway.handle, 0);
  const mail = createMailProvider();
  const images = createImagesProvider({ settings: { failureRate: 0 } });
  const isForImages = ({ url }: Request) => /^\/(_control\/)?images(\/|$)/.test(new URL(url).pathname);
  const providers = await serve((request) => (isForImages(request) ? images : mail).fetch(request), anywhere);
  const providersUrl = `http://127.0.0.1:${providers.port}`;
  const clock = realClock();
  const transport = httpTransport();
  const engine = new Engine({ clock, transport, store: memoryStore(), checkpointing: true });
  const engineServer = await serve(createApi(engine, {}).fetch, anywhere);

  // As on Netlify, the doors read their environment at the first request and keep the result. So each house loads them
  // again, and restores the environment afterwards.
  vi.resetModules();
  const environment = {
    ...database.env,
    SUPABASE_URL: supabase.url,
    INNGEST_DEV: `http://127.0.0.1:${engineServer.port}`,
    RESEND_BASE_URL: providersUrl,
    RESEND_API_KEY: "re_test",
    IMAGES_BASE_URL: `${providersUrl}/images`,
    IMAGES_SIZE: "128",
    SLACK_WEBHOOK_URL: `${providersUrl}/slack`,
    LINK_SECRET: "a secret of the browser tests and of nothing else",
    POSTAL_ADDRESS: "Nightshift, 1 Night Street, 10115 Berlin",
    URL: "http://localhost:8888",
    WEBHOOK_KEYS: "test:bmlnaHRzaGlmdC1sb2NhbC13ZWJob29rLWtleS0wMDE=",
    LOG_LEVEL: "silent",
    PLAN: "pro",
    ...more,
  };
  const before = process.env;
  process.env = { ...before, ...environment };
  await builtPage();
  const site = createSite({
    functionsDir: join(projectDir, "netlify/functions"),
    ...readNetlifyToml(projectDir, supabase.url),
  });
  const { server, port } = await listen(withLocalStack(site, { inboxUrl: providersUrl, isWhole: true }), 0);
  const ofPages = new Set<Socket>();
  let openStreams = 0;
  server.on("request", ({ headers, socket, url: path }: IncomingMessage, response: ServerResponse) => {
    if (headers["user-agent"]?.includes("Chrome")) ofPages.add(socket);
    if (!path?.includes("/stream")) return;
    openStreams += 1;
    response.once("close", () => {
      openStreams -= 1;
    });
  });
  const url = `http://127.0.0.1:${port}`;
  await engine.apps.sync(`${url}/api/inngest`);

  const key = (role: "app" | "admin", owner: string) =>
    createApiKey(database.project, { name: owner, role, owner });
  const keys = { admin: await key("admin", "operator"), app: await key("app", "ann") };

  return {
    url,
    keys,
    sql: database.sql,
    ...apiOf({ site: url, key: keys.admin, providers: providersUrl }),
    /** Cuts every connection between a page and the site; new connections are accepted. */
    cutConnections() {
      for (const socket of ofPages) socket.destroy();
      ofPages.clear();
    },
    /** How many pages follow a stream at this moment. */
    openStreams: () => openStreams,
    async close() {
      await engineServer.close();
      clock.stop();
      await engine.stop();
      transport.close();
      if ("closeAllConnections" in server) server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      await site.idle();
      await providers.close();
      mail.close();
      images.close();
      await supabase.close();
      await gateway.close();
      rmSync(storageDir, { recursive: true, force: true });
      await database.close();
      process.env = before;
    },
  };
}
