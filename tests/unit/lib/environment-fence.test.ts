import { describe, expect, test } from "vitest";
import { mailModeOf } from "#lib/environment-fence.ts";

const production = "https://production.supabase.co";
const at = (
  env: "production" | "preview" | "development",
  mail = "https://api.resend.com",
  database = production,
) => ({ NIGHTSHIFT_ENV: env, RESEND_BASE_URL: mail, SUPABASE_URL: database }) as const;

describe("real mail", () => {
  test("is sent by production on its own database", () => {
    expect(mailModeOf(at("production"), production)).toEqual({ mode: "send" });
  });

  test.each(["preview", "development"] as const)("is held in %s, with the reason", (env) => {
    expect(mailModeOf(at(env), production)).toMatchObject({
      mode: "hold",
      reason: expect.stringContaining(env),
    });
  });

  test.each(["https://API.Resend.com/", "https://api.resend.com:443", "https://eu.resend.com"])(
    "is recognized by any spelling of the real provider's address: %s",
    (mail) => expect(mailModeOf(at("preview", mail), production)).toMatchObject({ mode: "hold" }),
  );

  test("is not sent through a stand-in, which every environment may use", () => {
    expect(mailModeOf(at("development", "http://localhost:54324"), null)).toEqual({ mode: "send" });
  });

  test("is held by a copy of production's environment on another database, and the reason names both databases", () => {
    const mode = mailModeOf(at("production", undefined, "https://copy.supabase.co"), production);
    expect(mode).toMatchObject({
      mode: "hold",
      reason: expect.stringMatching(/production\.supabase.*copy\.supabase/),
    });
  });
});
