import { erasureFunctions } from "#erasures/functions.ts";
import { importFunctions } from "#imports/functions.ts";
import type { SafeFetch } from "#lib/outside/safe-fetch.ts";
import { type Workshop, workshop } from "./workshop.ts";

export type ImportShop = Awaited<ReturnType<typeof importShop>>;

/** The imports of one administrator, over a real database, Storage and engine. */
export async function importShop(env: Record<string, string> = {}, safeFetch?: SafeFetch) {
  /** Stand before every opening of a file by a function, and before every reading of a range. */
  const hooks = {
    beforeOpen: async (_path: string): Promise<void> => {},
    beforeRead: async (_from: number): Promise<void> => {},
  };
  const shop: Workshop = await workshop({
    env: { PLAN: "pro", ...env },
    functions: ({ storage, ...platform }) => [
      ...erasureFunctions(platform),
      ...importFunctions({
        ...platform,
        ...(safeFetch && { safeFetch }),
        storage: {
          open: async (...file) => {
            await hooks.beforeOpen(file[1]);
            const read = await storage.open(...file);
            return async (from, length) => {
              await hooks.beforeRead(from);
              return read(from, length);
            };
          },
        },
      }),
    ],
  });
  const list = await shop.call("POST", "/api/lists", { name: "Readers" });
  const listId = String(list.body.id);

  /** Puts a file where an upload goes, by the address that the API gives. */
  async function upload(bytes: string | Uint8Array, fileName = "people.csv"): Promise<string> {
    const { body } = await shop.call("POST", "/api/imports/uploads", { fileName });
    const stored = await shop.database.fetch(body.url, {
      method: body.method,
      body: typeof bytes === "string" ? bytes : new Uint8Array(bytes),
    });
    if (!stored.ok) throw new Error(`Storage: ${stored.status} ${await stored.text()}`);
    return body.uploadId;
  }

  /** Writes over an upload, as nothing of ours ever does. */
  async function replace(uploadId: string, bytes: string): Promise<void> {
    const { SUPABASE_URL, SUPABASE_SECRET_KEY } = shop.database.env;
    const stored = await shop.database.fetch(`${SUPABASE_URL}/storage/v1/object/imports/${uploadId}`, {
      method: "POST",
      headers: { apikey: SUPABASE_SECRET_KEY, "x-upsert": "true" },
      body: bytes,
    });
    if (!stored.ok) throw new Error(`Storage: ${stored.status} ${await stored.text()}`);
  }

  /** Asks for an import of this text or upload into the list; `body` says more. */
  const ask = async (file: string | Uint8Array | object, body: Record<string, unknown> = {}) => {
    const source =
      typeof file === "string" || file instanceof Uint8Array ? { uploadId: await upload(file) } : file;
    const target = body["target"] ?? "subscribers";
    const options = target === "subscribers" ? { listId } : {};
    return shop.call("POST", "/api/imports", { source, target, options, ...body });
  };
  const read = async (id: string) => (await shop.call("GET", `/api/imports/${id}`)).body;
  const ended = async (id: string) => {
    await shop.engine.waitFor(async () => (await read(id)).endedAt !== null, { within: "1d" });
    return read(id);
  };

  return {
    ...shop,
    hooks,
    listId,
    upload,
    replace,
    ask,
    read,
    ended,
    /** An import from its request to its end. */
    async run(file: string | Uint8Array | object, body: Record<string, unknown> = {}) {
      const asked = await ask(file, body);
      if (asked.status !== 202) throw new Error(JSON.stringify(asked));
      return ended(asked.body.importId);
    },
    /** The list as it stands, by address. */
    people: () =>
      shop.rows("select email, fields from email_subscribers where list_id = $1 order by lower(email)", [
        listId,
      ]),
    rejects: async (id: string) => (await shop.request("GET", `/api/imports/${id}/rejects.csv`)).text(),
  };
}
