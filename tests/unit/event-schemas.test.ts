import { expect, test } from "vitest";
import { eventSchemas } from "#event-schemas.ts";
import { allFunctions } from "#functions.ts";
import { readEnv } from "#lib/env.ts";
import { createPlatform } from "#platform.ts";

test("each event that starts a function of ours has its schema in the list", () => {
  const env = readEnv({ SUPABASE_URL: "http://db.local", SUPABASE_SECRET_KEY: "sb_secret_test" });
  const platform = createPlatform(env, {}, { visibleFields: {}, facts: [], schedules: [], eventSchemas });
  const names = allFunctions(platform).flatMap((fn) =>
    (fn.opts.triggers ?? []).flatMap(({ event }: { event?: unknown }) =>
      typeof event === "string" ? event : [],
    ),
  );
  const ours = names.filter((name) => !name.startsWith("inngest/"));
  expect(ours).toContain("email/send.campaign");
  expect(ours.filter((name) => !eventSchemas.has(name))).toEqual([]);
});
