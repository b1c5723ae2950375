import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { Storage } from "#lib/database/storage.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import type { Env } from "#lib/env.ts";
import { sitemapDue } from "#sitemap/events.ts";
import { sitemapOf } from "#sitemap/sitemap.ts";

type Dependencies = {
  inngest: InngestClient;
  env: Pick<Env, "URL" | "SITEMAP_PATHS">;
  storage: Pick<Storage, "put">;
  onFailure: OnFailure;
};

/** S4-13: writes the sitemap of the site's pages to the public bucket `site`; a repeated write replaces the file. */
export const generateSitemap = ({ inngest, env, storage, onFailure }: Dependencies) =>
  inngest.createFunction(
    { id: "generate-sitemap", triggers: [sitemapDue], ...tries("standard"), onFailure },
    async ({ event, step }) =>
      step.run("store", async () => {
        const xml = sitemapOf(env.URL ?? "", env.SITEMAP_PATHS, event.data.dueAt.slice(0, 10));
        const bytes = new TextEncoder().encode(xml);
        await storage.put("site", "sitemap.xml", { bytes, contentType: "application/xml" });
        return { pageCount: env.SITEMAP_PATHS.length };
      }),
  );
