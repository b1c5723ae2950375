import { readFileSync } from "node:fs";
import { join } from "node:path";
import { json } from "#providers/http.ts";
import { openSettings } from "#providers/settings-file.ts";
import { DrawingApi } from "./api.ts";
import { control } from "./control.ts";
import { draw } from "./draw.ts";
import { DrawingRecord } from "./record.ts";
import { DEFAULTS, type Settings, settingsSchema } from "./settings.ts";

export type ImagesProvider = { fetch(request: Request): Promise<Response>; close(): void };
type Options = { dir?: string; clock?: { now(): Date }; settings?: Partial<Settings> };

const page = readFileSync(new URL("./page.html", import.meta.url), "utf8");
const pagePolicy =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'";

/**
 * A stand-in for Pollinations at `/images`, with a page for people and a control API for tests at `/_control/images`.
 * With `dir` the settings survive a restart. Pictures are not stored, because the same order gives the same picture.
 */
export function createImagesProvider(options: Options = {}): ImagesProvider {
  const { dir, clock = { now: () => new Date() } } = options;
  const path = dir === undefined ? undefined : join(dir, "settings.json");
  const settings = openSettings(settingsSchema, path, { ...DEFAULTS, ...options.settings });
  const record = new DrawingRecord(clock);
  const api = new DrawingApi(record, settings, clock);

  return {
    async fetch(request) {
      const url = new URL(request.url);
      const { pathname } = url;
      if (pathname.startsWith("/_control/images")) return control(request, url, { record, api, settings });
      if (pathname === "/images" || pathname === "/images/") return showPage();
      const [, id] = /^\/images\/drawings\/(\d+)$/.exec(pathname) ?? [];
      if (id !== undefined) return showDrawing(Number(id));
      return api.answer(request, pathname.replace(/^\/images/, ""), url.searchParams);
    },
    close() {
      api.gate.release();
    },
  };

  async function showDrawing(id: number): Promise<Response> {
    const entry = record.find(id);
    if (entry?.status !== 200) return json(404, { error: `There is no drawing ${id}` });
    return new Response(new Uint8Array(await draw({ ...entry, width: 320, height: 320 })), {
      headers: { "content-type": "image/jpeg", "cache-control": "max-age=3600" },
    });
  }
}

const showPage = (): Response =>
  new Response(page, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "x-content-type-options": "nosniff",
      "content-security-policy": pagePolicy,
    },
  });
