import { describe, expect, test } from "vitest";
import { readEnv } from "#lib/env.ts";

const minimal = { SUPABASE_URL: "https://x.supabase.co", SUPABASE_SECRET_KEY: "sb_secret_x" };
const production = {
  ...minimal,
  NIGHTSHIFT_ENV: "production",
  SUPABASE_PUBLISHABLE_KEY: "sb_publishable_x",
  INNGEST_EVENT_KEY: "event-key",
  INNGEST_SIGNING_KEY: "signkey-prod-00",
  LINK_SECRET: "x".repeat(32),
  RESEND_API_KEY: "re_x",
};

test("the defaults are those of a free plan in development", () => {
  expect(readEnv(minimal)).toMatchObject({
    NIGHTSHIFT_ENV: "development",
    PLAN: "free",
    CHECKPOINTING: true,
    CAMPAIGN_PART_SIZE: 5000,
    CAMPAIGN_BATCH_SIZE: 100,
    MAIL_REQUESTS_PER_SECOND: 4.5,
    MAIL_MAX_IN_FLIGHT: 10,
    MAIL_IDEMPOTENT: true,
    RESEND_BASE_URL: "https://api.resend.com",
  });
});

test("an empty value in a .env file means that the variable is not set", () => {
  expect(readEnv({ ...minimal, SLACK_WEBHOOK_URL: "", PLAN: "" })).not.toHaveProperty("SLACK_WEBHOOK_URL");
});

describe("private networks that may be called", () => {
  test("are none by default, and otherwise the ranges that the variable lists", () => {
    expect(readEnv(minimal).ALLOW_PRIVATE_HOSTS).toEqual([]);
    const listed = readEnv({ ...minimal, ALLOW_PRIVATE_HOSTS: "10.1.0.0/16, fd00::/8" });
    expect(listed.ALLOW_PRIVATE_HOSTS).toEqual(["10.1.0.0/16", "fd00::/8"]);
  });

  test.each([
    "10.1.0.0",
    "10.1.0.0/33",
    "10.1.0.0/",
    "10.1.0.0/8/8",
    "fd00::/129",
    "fe80::%1/64",
    "intranet/8",
  ])("cannot be given as %s", (range) => {
    expect(() => readEnv({ ...minimal, ALLOW_PRIVATE_HOSTS: range })).toThrow("must be CIDRs");
  });
});

test("one message names every missing or invalid variable and the reason", () => {
  const message = complaint({ SUPABASE_URL: "supabase", PLAN: "gold", CAMPAIGN_BATCH_SIZE: "101" });
  for (const name of ["SUPABASE_URL", "PLAN", "CAMPAIGN_BATCH_SIZE", "SUPABASE_SECRET_KEY"]) {
    expect(message).toContain(name);
  }
});

test("the message never quotes a value, because it may be a secret", () => {
  expect(complaint({ ...minimal, LINK_SECRET: "hunter2" })).not.toContain("hunter2");
});

const jwt = (role: string) =>
  `e30.${Buffer.from(JSON.stringify({ iss: "supabase", role })).toString("base64url")}.signature`;

describe("an invalid key is reported by its variable, without its value", () => {
  test.each([
    ["SUPABASE_SECRET_KEY", "sb_publishable_hunter2", "is the publishable key of the project"],
    ["SUPABASE_SECRET_KEY", jwt("anon"), "is the publishable key of the project"],
    ["SUPABASE_SECRET_KEY", "hunter2", "must begin with sb_secret_"],
    ["SUPABASE_PUBLISHABLE_KEY", "sb_secret_hunter2", "is the secret key of the project"],
    ["SUPABASE_PUBLISHABLE_KEY", jwt("service_role"), "is the secret key of the project"],
    ["SUPABASE_SECRET_KEY", "sb_secret_…", "printable ASCII"],
    ["RESEND_API_KEY", "re_hunter2\n", "printable ASCII"],
    ["RESEND_API_KEY", "re hunter2", "printable ASCII"],
    ["IMAGES_API_KEY", "hunter2 ", "printable ASCII"],
    ["INNGEST_EVENT_KEY", "signkey-prod-00", "is a signing key"],
    ["INNGEST_SIGNING_KEY", "signkey-prod-hunter2", "hexadecimal digits"],
    ["INNGEST_SIGNING_KEY", "signkey-prod-000", "hexadecimal digits"],
  ])("%s=%j is refused: %s", (name, value, what) => {
    const message = complaint({ ...production, [name]: value });
    expect(message).toContain(`${name} `);
    expect(message).toContain(what);
    expect(message).not.toContain(value);
  });

  test.each([
    ["SUPABASE_SECRET_KEY", jwt("service_role")],
    ["SUPABASE_PUBLISHABLE_KEY", jwt("anon")],
    ["INNGEST_SIGNING_KEY", "00FFaa"],
    ["INNGEST_SIGNING_KEY", "signkey-branch-00ff"],
  ])("%s accepts %j", (name, value) => {
    expect(readEnv({ ...production, [name]: value })).toHaveProperty(name, value);
  });
});

describe("production", () => {
  test("starts with all secrets", () => {
    expect(readEnv(production).NIGHTSHIFT_ENV).toBe("production");
  });

  test("refuses to start without its secrets, and names all that are missing", () => {
    const message = complaint({ NIGHTSHIFT_ENV: "production" });
    for (const name of [
      "SUPABASE_URL",
      "SUPABASE_SECRET_KEY",
      "SUPABASE_PUBLISHABLE_KEY",
      "INNGEST_SIGNING_KEY",
      "INNGEST_EVENT_KEY",
      "LINK_SECRET",
      "RESEND_API_KEY",
    ]) {
      expect(message).toContain(`${name} is missing`);
    }
  });

  test("needs the secrets of the mail providers that are named, and of no other", () => {
    const smtp = { ...production, MAIL_PROVIDERS: "smtp", SMTP_URL: "smtp://a:b@mail.example:587" };
    expect(readEnv({ ...smtp, RESEND_API_KEY: "" }).MAIL_PROVIDERS).toEqual(["smtp"]);
    expect(complaint({ ...smtp, SMTP_URL: "" })).toContain("SMTP_URL is missing");
    expect(complaint({ ...smtp, SMTP_URL: "https://mail.example" })).toContain("SMTP_URL must be an smtp://");
    expect(complaint({ ...smtp, MAIL_PROVIDERS: "smtp,resend", RESEND_API_KEY: "" })).toContain(
      "RESEND_API_KEY is missing",
    );
    expect(complaint({ ...smtp, MAIL_PROVIDERS: "smtp,smtp" })).toContain("must name each provider once");
    expect(complaint({ ...smtp, MAIL_PROVIDERS: "postmark" })).toContain("MAIL_PROVIDERS");
  });

  test.each([
    "SUPABASE_URL",
    "INNGEST_BASE_URL",
    "RESEND_BASE_URL",
    "IMAGES_BASE_URL",
    "SLACK_WEBHOOK_URL",
    "SENTRY_DSN",
  ])("refuses an http:// address of another machine in %s, which development accepts", (name) => {
    for (const address of [
      "http://provider.example",
      "HTTP://provider.example:4000",
      "http://localhost:1@provider.example",
    ]) {
      expect(complaint({ ...production, [name]: address })).toContain(`${name} must begin with https://`);
      expect(readEnv({ ...minimal, [name]: address })).toHaveProperty(name);
    }
    for (const address of ["http://localhost:8888", "http://127.0.0.1:8288", "http://[::1]:1"])
      expect(readEnv({ ...production, [name]: address })).toHaveProperty(name);
  });
});

test.each(["production", "preview"])(
  "INNGEST_DEV is refused in %s, because it turns signature checks off",
  (name) => {
    for (const value of ["1", "http://localhost:8288", "0"]) {
      expect(complaint({ ...production, NIGHTSHIFT_ENV: name, INNGEST_DEV: value })).toContain(
        "INNGEST_DEV is for development alone",
      );
    }
  },
);

function complaint(source: Record<string, string>): string {
  try {
    readEnv(source);
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
  throw new Error("It was accepted");
}
