/**
 * A sitemap (sitemaps.org, protocol 0.9) of these paths of a site. `day` is the day on which it was made, such as
 * 2026-11-29.
 */
export function sitemapOf(site: string, paths: readonly string[], day: string): string {
  const pages = paths.map((path) => {
    const address = escapeXml(new URL(path, site).href);
    return `  <url><loc>${address}</loc><lastmod>${day}</lastmod></url>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">',
    ...pages,
    "</urlset>",
    "",
  ].join("\n");
}

// URLs contain no angle brackets and no double quotes, so only `&` and `'` are escaped.
const escapeXml = (address: string): string => address.replaceAll("&", "&amp;").replaceAll("'", "&apos;");
