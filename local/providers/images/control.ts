import { z } from "zod";
import { json, parseBody } from "#providers/http.ts";
import type { SettingsFile } from "#providers/settings-file.ts";
import type { DrawingApi } from "./api.ts";
import type { DrawingRecord } from "./record.ts";
import { type Settings, settingsSchema } from "./settings.ts";

const release = z.strictObject({ count: z.int().min(1).optional() });
const nothing = z.strictObject({});

type Parts = { record: DrawingRecord; api: DrawingApi; settings: SettingsFile<Settings> };

/** Changes the stand-in's settings and reads its record. Pollinations has no such API. */
export async function control(
  request: Request,
  url: URL,
  { record, api, settings }: Parts,
): Promise<Response> {
  const view = () => ({ settings: settings.current, stats: record.stats() });
  const name = url.pathname.slice("/_control/images".length);
  switch (`${request.method} ${name}`) {
    case "GET ":
      return json(200, view());
    case "POST ": {
      const wanted = await parseBody(request, changeOf(settings.current));
      if (wanted instanceof Response) return wanted;
      settings.change(wanted);
      api.settingsChanged();
      return json(200, view());
    }
    case "GET /drawings":
      return json(200, { drawings: record.newest(Number(url.searchParams.get("limit")) || 100) });
    case "POST /release": {
      const wanted = await parseBody(request, release);
      return wanted instanceof Response ? wanted : json(200, { released: api.gate.release(wanted.count) });
    }
    case "POST /forget": {
      const wanted = await parseBody(request, nothing);
      if (wanted instanceof Response) return wanted;
      record.forget();
      return json(200, view());
    }
    default:
      return json(404, { error: `There is no ${request.method} ${url.pathname} here.` });
  }
}

/** Fields that are not named keep their values. */
const changeOf = (current: Settings) =>
  z
    .record(z.string(), z.unknown())
    .transform((wanted) => ({ ...current, ...wanted }))
    .pipe(settingsSchema);
