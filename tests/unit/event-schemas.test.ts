import { expect, test } from "vitest";
import { eventSchemas } from "#event-schemas.ts";
import { allFunctions } from "#functions.ts";
import { cancelOfThisJob } from "#lib/engine/flow-control.ts";
import { readEnv } from "#lib/env.ts";
import { createPlatform } from "#platform.ts";

const functions = () => {
  const env = readEnv({ SUPABASE_URL: "http://db.local", SUPABASE_SECRET_KEY: "sb_secret_test" });
  return allFunctions(createPlatform(env, {}, { visibleFields: {}, facts: [], schedules: [], eventSchemas }));
};

test("each function is canceled by the cancel of its own job, not by that of another function's job", () => {
  const canceled = functions().filter((fn) => fn.opts.cancelOn);
  expect(canceled.length).toBeGreaterThan(10);
  for (const fn of canceled)
    expect(JSON.stringify(fn.opts.cancelOn)).toContain(JSON.stringify(cancelOfThisJob(fn.id()).at(0)));
});

test("each event that starts a function of ours has its schema in the list", () => {
  const names = functions().flatMap((fn) =>
    (fn.opts.triggers ?? []).flatMap(({ event }: { event?: unknown }) =>
      typeof event === "string" ? event : [],
    ),
  );
  const ours = names.filter((name) => !name.startsWith("inngest/"));
  expect(ours).toContain("email/send.campaign");
  expect(ours.filter((name) => !eventSchemas.has(name))).toEqual([]);
});
