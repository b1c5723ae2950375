import { Inngest, type Middleware } from "inngest";
import type { Env } from "#lib/env.ts";

/** The one app id of this product: function ids are `nightshift-<id>` on the engine's side. */
export const APP_ID = "nightshift";

type Settings = Pick<
  Env,
  "INNGEST_DEV" | "INNGEST_BASE_URL" | "INNGEST_EVENT_KEY" | "INNGEST_SIGNING_KEY" | "CHECKPOINTING"
>;
type Options = { env: Settings; fetch: typeof globalThis.fetch; middleware: Middleware.Class[] };

export type InngestClient = Inngest<{ id: typeof APP_ID }>;
