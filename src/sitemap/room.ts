import { room } from "#lib/room.ts";
import { sitemapDue } from "#sitemap/events.ts";

export const sitemap = room<object>({
  name: "sitemap",
  schedules: ({ SITEMAP_PATHS, URL: site }) =>
    SITEMAP_PATHS.length === 0 || site === undefined
      ? []
      : [
          {
            name: "generate-sitemap",
            summary: "Writes the sitemap of the site's pages to Storage",
            cron: "0 0 * * *",
            timeZone: "UTC",
            overlap: "skip",
            missed: "once",
            job: { event: sitemapDue, functionId: "generate-sitemap" },
          },
        ],
  visibleFields: { [sitemapDue.name]: ["schedule", "slot", "dueAt"] },
});
