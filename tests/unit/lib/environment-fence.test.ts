import { describe, expect, test } from "vitest";
import { mailModeOf } from "#lib/environment-fence.ts";

const production = "https://production.supabase.co";
const at = (
  env: "production" | "preview" | "development",
  mail = "https://api.resend.com",
  database = production,
) => ({ NIGHTSHIFT_ENV: env, RESEND_BASE_URL: mail, SUPABASE_URL: database }) as const;

describe("who may mail real people", () => {
  test("production, on its own database", () => {
    expect(mailModeOf(at("production"), production)).toEqual({ mode: "send" });
  });

  test.each(["preview", "development"] as const)(
    "%s with the real provider's address holds, and says why",
    (env) => {
      expect(mailModeOf(at(env), production)).toMatchObject({
        mode: "hold",
        reason: expect.stringContaining(env),
      });
    },
  );

  test.each(["https://API.Resend.com/", "https://api.resend.com:443", "https://eu.resend.com"])(
    "however it is written: %s is the real provider",
    (mail) => expect(mailModeOf(at("preview", mail), production)).toMatchObject({ mode: "hold" }),
  );

  test("every environment may use a stand-in", () => {
    expect(mailModeOf(at("development", "http://localhost:54324"), null)).toEqual({ mode: "send" });
  });

  test("a restored copy that believes to be production holds, and names both databases", () => {
    const mode = mailModeOf(at("production", undefined, "https://copy.supabase.co"), production);
    expect(mode).toMatchObject({
      mode: "hold",
      reason: expect.stringMatching(/production\.supabase.*copy\.supabase/),
    });
  });
});
