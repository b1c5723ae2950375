import { describe, expect, test } from "vitest";
import { mailModeOf } from "#lib/environment-fence.ts";

const production = "https://production.supabase.co";
const at = (
  env: "production" | "preview" | "development",
  mail = "https://api.resend.com",
  database = production,
): Parameters<typeof mailModeOf>[0] => ({
  NIGHTSHIFT_ENV: env,
  MAIL_PROVIDERS: ["resend"],
  RESEND_BASE_URL: mail,
  SMTP_URL: undefined,
  SUPABASE_URL: database,
});
const standIn = at("preview", "http://localhost:54324");

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

  test.each([["smtp"], ["resend", "smtp"], ["smtp", "resend"]] as const)(
    "is held in a preview whose SMTP server is another machine, also beside a stand-in for Resend: %s %s",
    (...MAIL_PROVIDERS) => {
      const env = {
        ...standIn,
        MAIL_PROVIDERS: [...MAIL_PROVIDERS],
        SMTP_URL: "smtp://a:b@mail.example:587",
      };
      expect(mailModeOf(env as typeof standIn, production)).toMatchObject({
        mode: "hold",
        reason: expect.stringContaining("SMTP_URL"),
      });
    },
  );

  test.each(["localhost", "LOCALHOST", "127.0.0.1", "[::1]"])(
    "is not sent by an SMTP server on this machine: %s",
    (host) => {
      const env = { ...at("preview"), SMTP_URL: `smtp://${host}:1025` };
      expect(mailModeOf({ ...env, MAIL_PROVIDERS: ["smtp"] }, production)).toEqual({ mode: "send" });
      expect(mailModeOf({ ...env, MAIL_PROVIDERS: ["smtp", "resend"] }, production)).toMatchObject({
        mode: "hold",
      });
    },
  );

  test("is not sent by an SMTP server that MAIL_PROVIDERS does not name", () => {
    expect(mailModeOf({ ...standIn, SMTP_URL: "smtp://mail.example" }, production)).toEqual({ mode: "send" });
  });

  test("is held by a copy of production's environment on another database, and the reason names both databases", () => {
    const mode = mailModeOf(at("production", undefined, "https://copy.supabase.co"), production);
    expect(mode).toMatchObject({
      mode: "hold",
      reason: expect.stringMatching(/production\.supabase.*copy\.supabase/),
    });
  });
});
