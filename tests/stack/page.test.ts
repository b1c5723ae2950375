import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { readNetlifyToml } from "@nightshift/local/netlify/netlify-toml.ts";
import { builtPage } from "@nightshift/local/stack/page.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const KB = 1000;

describe("the deployed page", () => {
  let pageDir: string;
  let html: string;
  beforeAll(async () => {
    pageDir = await builtPage();
    html = readFileSync(join(pageDir, "index.html"), "utf8");
  });

  /** Everything that index.html loads before any click. */
  const loaded = () => [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? "");

  it("loads less than 180 KB gzipped on a first visit", () => {
    const files = [...loaded(), "/index.html"].map((path) => readFileSync(join(pageDir, path)));
    const bytes = files.reduce((sum, file) => sum + gzipSync(file).length, 0);
    expect(files.length).toBeGreaterThan(3);
    expect(bytes).toBeLessThan(180 * KB);
  });

  it("loads everything from its own site, without inline scripts or styles", () => {
    for (const path of loaded()) expect(path).toMatch(/^\/assets\//);
    expect(html).not.toMatch(/<style|style=|<script(?![^>]*src=)|\son\w+=/);
  });

  it("has a policy that allows no other host, and only assets named by their content are cached forever", () => {
    const { headers, publishDir } = readNetlifyToml(root);
    const headersOf = (path: string) =>
      Object.assign({}, ...headers.filter(({ matches }) => matches(path)).map(({ values }) => values));
    expect(publishDir).toBe(pageDir);
    const policy = String(headersOf("/")["Content-Security-Policy"]).split("; ");
    expect(policy).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' blob: data:",
      // A file to import goes straight to Storage.
      "connect-src 'self' https://*.supabase.co",
      // A report's PDF is shown from bytes that the page has fetched from its own site, a mail in a frame of ours.
      "frame-src 'self' blob:",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]);
    expect(headersOf(loaded()[0] ?? "")["Cache-Control"]).toContain("immutable");
    expect(headersOf("/")["Cache-Control"]).toBeUndefined();
  });
});

describe("building the page", () => {
  const project = mkdtempSync(join(tmpdir(), "nightshift-page-"));
  const source = join(project, "src/dashboard/main.tsx");
  beforeAll(() => {
    mkdirSync(join(project, "src/dashboard"), { recursive: true });
    cpSync(join(root, "vite.config.ts"), join(project, "vite.config.ts"));
    symlinkSync(join(root, "node_modules"), join(project, "node_modules"));
    const html = `<!doctype html><script type="module" src="./main.tsx"></script>`;
    writeFileSync(join(project, "src/dashboard/index.html"), html);
    writeFileSync(source, `document.title = "first";`);
  });
  afterAll(() => rmSync(project, { recursive: true }));

  const script = () => {
    const assets = join(project, "dist/assets");
    return readdirSync(assets)
      .map((name) => readFileSync(join(assets, name), "utf8"))
      .join("");
  };

  it("is done when the page is missing or older than its sources, once for simultaneous callers, and not otherwise", async () => {
    await Promise.all([builtPage(project), builtPage(project)]);
    expect(script()).toContain("first");
    expect(readdirSync(join(project, ".nightshift"))).toEqual([]);

    writeFileSync(join(project, "dist/assets/mark.js"), "untouched");
    await builtPage(project);
    expect(script()).toContain("untouched");

    writeFileSync(source, `document.title = "second";`);
    const later = new Date(Date.now() + 1000);
    utimesSync(source, later, later);
    await builtPage(project);
    expect(script()).toContain("second");
    expect(script()).not.toContain("untouched");
  });

  it("reports why it failed, and keeps the former page", async () => {
    writeFileSync(source, `document.title = ;`);
    const later = new Date(Date.now() + 5000);
    utimesSync(source, later, later);
    await expect(builtPage(project)).rejects.toThrow(/cannot be built[\s\S]*main\.tsx/);
    expect(script()).toContain("second");
  });

  it("leaves no files when it is aborted", async () => {
    await expect(builtPage(project, AbortSignal.abort())).rejects.toThrow("aborted");
    expect(readdirSync(join(project, ".nightshift"))).toEqual([]);
    expect(script()).toContain("second");
  });
});
