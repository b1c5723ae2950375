import type { InngestFunction } from "inngest";
import { generateSitemap } from "#sitemap/generate-sitemap.ts";

export const sitemapFunctions = (deps: Parameters<typeof generateSitemap>[0]): InngestFunction.Any[] => [
  generateSitemap(deps),
];
