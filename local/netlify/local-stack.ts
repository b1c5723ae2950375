import type { Site } from "#netlify/site.ts";

/** Where the page asks what else runs beside the site. Netlify has no such file, so production answers 404. */
const PATH = "/local-stack.json";

/** The site, which also tells its page what only this machine has. */
export const withLocalStack = (site: Site, parts: { inboxUrl: string | undefined }): Site => ({
  ...site,
  fetch: async (request, options) =>
    parts.inboxUrl !== undefined && new URL(request.url).pathname === PATH
      ? Response.json(parts, { headers: { "cache-control": "no-cache" } })
      : site.fetch(request, options),
});
