import type { Site } from "#netlify/site.ts";

/** The page reads here which other parts run beside the site. Netlify has no such file, so production answers 404. */
const PATH = "/local-stack.json";

/** The site, with the file that tells its page about the other parts of this machine. */
export const withLocalStack = (site: Site, parts: { inboxUrl: string | undefined }): Site => ({
  ...site,
  fetch: async (request, options) =>
    parts.inboxUrl !== undefined && new URL(request.url).pathname === PATH
      ? Response.json(parts, { headers: { "cache-control": "no-cache" } })
      : site.fetch(request, options),
});
