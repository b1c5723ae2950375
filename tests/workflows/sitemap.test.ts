import { afterEach, expect, test } from "vitest";
import { sitemapFunctions } from "#sitemap/functions.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

let shop: Workshop;
afterEach(() => shop.close());

async function open(env: Record<string, string>) {
  shop = await workshop({ env: { URL: "https://app.example", ...env }, functions: sitemapFunctions });
  await shop.app.keepHouse();
}
async function atMidnight() {
  const { body } = await shop.call("GET", "/api/schedules/generate-sitemap");
  await shop.engine.advance(`${Date.parse(body.next.at) - shop.engine.clock.now().getTime()}ms`);
  await shop.app.keepHouse();
  await shop.engine.idle();
  return body.next.local;
}
const published = async () =>
  shop.database.fetch(
    new Request("http://supabase.local/storage/v1/object/site/sitemap.xml", {
      headers: { apikey: shop.database.keys.secret },
    }),
  );

test("S4-13: generate-sitemap writes at 00:00 a sitemap to a public bucket, and replaces that of the day before", async () => {
  await open({ SITEMAP_PATHS: "/, /pricing?plan=free&period=month" });
  const midnight = await atMidnight();
  expect(midnight).toContain("T00:00");
  const response = await published();
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toContain("application/xml");
  expect(await shop.rows("select public from storage.buckets where id = 'site'")).toEqual([{ public: true }]);
  const day = midnight.slice(0, 10);
  expect(await response.text()).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
  <url><loc>https://app.example/</loc><lastmod>${day}</lastmod></url>
  <url><loc>https://app.example/pricing?plan=free&amp;period=month</loc><lastmod>${day}</lastmod></url>
</urlset>
`);
  const jobs = await shop.rows("select status, result from jobs where function_id = 'generate-sitemap'");
  expect(jobs).toEqual([{ status: "completed", result: { pageCount: 2 } }]);
  const next = await atMidnight();
  expect(next).not.toBe(midnight);
  expect(await (await published()).text()).toContain(`<lastmod>${next.slice(0, 10)}</lastmod>`);
});

test("without SITEMAP_PATHS there is no such schedule", async () => {
  await open({});
  expect((await shop.call("GET", "/api/schedules/generate-sitemap")).status).toBe(404);
});
