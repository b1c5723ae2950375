import { eventType } from "inngest";
import { z } from "zod";

/** Command: write the sitemap. */
export const sitemapDue = eventType("sitemap/generate", {
  schema: z.object({
    schedule: z.string().max(100),
    slot: z.string().max(40),
    dueAt: z.iso.datetime().max(40),
  }),
});
