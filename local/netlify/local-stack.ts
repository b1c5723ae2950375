import { loadSampleWork } from "#demo/sample-work.ts";
import type { Site } from "#netlify/site.ts";

/**
 * The file that tells the page which services run on this machine in addition to the site. Netlify has no such file, so
 * production answers 404.
 */
const PATH = "/local-stack.json";
const SAMPLE_WORK = "/local-stack/sample-work";

export type LocalParts = {
  inboxUrl: string | undefined;
  /** Whether every service runs on this machine. Only then does the page offer sample work. */
  isWhole: boolean;
};

/** The site, with the file that tells its page about this machine, and the address that loads sample work. */
export const withLocalStack = (site: Site, { inboxUrl, isWhole }: LocalParts): Site => ({
  ...site,
  fetch: async (request, options) => {
    const { pathname } = new URL(request.url);
    if (inboxUrl !== undefined && pathname === PATH) {
      const parts = { inboxUrl, ...(isWhole && { sampleWorkUrl: SAMPLE_WORK }) };
      return Response.json(parts, { headers: { "cache-control": "no-cache" } });
    }
    if (isWhole && pathname === SAMPLE_WORK && request.method === "POST")
      return loadSampleWork(site, request);
    return site.fetch(request, options);
  },
});
