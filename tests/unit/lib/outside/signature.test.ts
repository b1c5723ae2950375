/**
 * The verifier against two libraries that providers publish, both ways, and against vectors that others computed.
 * Stripe's own package is 23 MB for one HMAC: its scheme is checked with vectors of OpenSSL.
 */
import { randomBytes, randomUUID } from "node:crypto";
import * as octokit from "@octokit/webhooks-methods";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { refusalOf, type Scheme } from "#lib/outside/signature.ts";
import { githubHeaders, resendHeaders, stripeHeaders } from "../../../support/sign.ts";

const NOW = new Date("2026-11-01T10:00:00Z");
const SECONDS = NOW.getTime() / 1000;
const BODY = '{"id":"evt_1","name":"Zoë – 日本"}';
const STANDARD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

const check = (
  scheme: Scheme,
  headers: Record<string, string>,
  { body = BODY, secrets = ["secret"], now = NOW }: { body?: string; secrets?: string[]; now?: Date } = {},
) => refusalOf(scheme, { headers: new Headers(headers), body: Buffer.from(body), secrets, now });

describe("published test vectors", () => {
  test("GitHub's documentation", () => {
    const headers = {
      "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    };
    const options = { body: "Hello, World!", secrets: ["It's a Secret to Everybody"] };
    expect(check("github", headers, options)).toBeUndefined();
  });

  test("Svix's documentation", () => {
    const headers = {
      "svix-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "svix-timestamp": "1614265330",
      "svix-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };
    const now = new Date(1_614_265_330_000);
    const options = { body: '{"test": 2432232314}', secrets: [STANDARD_SECRET], now };
    expect(check("standard", headers, options)).toBeUndefined();
  });

  test("OpenSSL, for Stripe: printf '%s' '<t>.<body>' | openssl dgst -sha256 -hmac <secret>", () => {
    const headers = {
      "stripe-signature":
        "t=1492774577,v1=c34f561610f13a0166955959677ccd2a4cabbff69caab019182cf19dce95df18,v0=6ffbb59b",
    };
    const body = '{"id":"evt_1","object":"event","type":"ping"}';
    const options = { body, secrets: ["whsec_test_secret"], now: new Date(1_492_774_577_000) };
    expect(check("stripe", headers, options)).toBeUndefined();
  });
});

describe("compatibility with the providers' libraries", () => {
  test("GitHub: @octokit/webhooks-methods and our code accept each other's signatures", async () => {
    for (let n = 0; n < 20; n++) {
      const [secret, body] = [randomBytes(12).toString("hex"), `${BODY}${randomUUID()}`];
      const signature = await octokit.sign(secret, body);
      expect(
        check("github", { "x-hub-signature-256": signature }, { body, secrets: [secret] }),
      ).toBeUndefined();
      const ours = githubHeaders(body, secret, "push")["x-hub-signature-256"];
      expect(await octokit.verify(secret, body, ours)).toBe(true);
    }
  });

  test("Standard Webhooks: standardwebhooks and our code accept each other's signatures", () => {
    for (let n = 0; n < 20; n++) {
      const [secret, body, id] = [`whsec_${randomBytes(24).toString("base64")}`, `{"n":${n}}`, randomUUID()];
      const theirs = new Webhook(secret);
      const headers = {
        "webhook-id": id,
        "webhook-timestamp": String(SECONDS),
        "webhook-signature": theirs.sign(id, NOW, body),
      };
      expect(check("standard", headers, { body, secrets: [secret] })).toBeUndefined();
      const { "content-type": _, ...ours } = resendHeaders(body, secret, id);
      const renamed = Object.fromEntries(
        Object.entries(ours).map(([name, value]) => [name.replace("svix", "webhook"), value]),
      );
      expect(theirs.verify(body, renamed)).toEqual({ n });
    }
  });
});

describe("signing time and secret rotation", () => {
  const at = (offsetSeconds: number) => new Date(NOW.getTime() + offsetSeconds * 1000);

  test.each([-300, -299, 0, 299, 300])(
    "Stripe and Standard Webhooks: signed %i s from now is accepted",
    (s) => {
      expect(check("stripe", stripeHeaders(BODY, "secret", at(s)))).toBeUndefined();
      const headers = resendHeaders(BODY, STANDARD_SECRET, "msg_1", at(s));
      expect(check("standard", headers, { secrets: [STANDARD_SECRET] })).toBeUndefined();
    },
  );

  test.each([-301, -86_400, 301, 86_400])("a signature made %i s from now is refused as stale", (s) => {
    expect(check("stripe", stripeHeaders(BODY, "secret", at(s)))).toBe("stale");
    const headers = resendHeaders(BODY, STANDARD_SECRET, "msg_1", at(s));
    expect(check("standard", headers, { secrets: [STANDARD_SECRET] })).toBe("stale");
  });

  test("while a secret is replaced both secrets are valid, and a header may have both signatures", () => {
    const secrets = ["new", "old"];
    expect(check("stripe", stripeHeaders(BODY, "old", NOW), { secrets })).toBeUndefined();
    expect(check("stripe", stripeHeaders(BODY, "new", NOW), { secrets })).toBeUndefined();
    expect(check("stripe", stripeHeaders(BODY, "older", NOW), { secrets })).toBe("mismatch");
    const [, other] = stripeHeaders(BODY, "other", NOW)["stripe-signature"].split(",");
    const both = `${stripeHeaders(BODY, "new", NOW)["stripe-signature"]},${other}`;
    expect(check("stripe", { "stripe-signature": both }, { secrets: ["other"] })).toBeUndefined();
  });
});

describe("invalid signatures", () => {
  const good = stripeHeaders(BODY, "secret", NOW)["stripe-signature"];
  const hex = good.split("v1=")[1] ?? "";
  const hub = githubHeaders(BODY, "secret", "push")["x-hub-signature-256"];

  test.each<[string, Scheme, Record<string, string>, string]>([
    ["none", "stripe", {}, "unsigned"],
    ["empty", "stripe", { "stripe-signature": "" }, "malformed"],
    ["no time", "stripe", { "stripe-signature": `v1=${hex}` }, "malformed"],
    ["two times", "stripe", { "stripe-signature": `t=${SECONDS - 9999},${good}` }, "malformed"],
    ["a time that is no number", "stripe", { "stripe-signature": `t=1e3,v1=${hex}` }, "malformed"],
    ["another time", "stripe", { "stripe-signature": `t=${SECONDS + 1},v1=${hex}` }, "mismatch"],
    ["only the test scheme", "stripe", { "stripe-signature": `t=${SECONDS},v0=${hex}` }, "malformed"],
    ["cut short", "stripe", { "stripe-signature": good.slice(0, -2) }, "malformed"],
    [
      "one digit changed",
      "stripe",
      { "stripe-signature": good.replace(/.$/, (c) => (c === "0" ? "1" : "0")) },
      "mismatch",
    ],
    ["many signatures", "stripe", { "stripe-signature": `${good}${`,v1=${hex}`.repeat(20)}` }, "malformed"],
    ["a long header", "stripe", { "stripe-signature": `${good},${"x".repeat(5000)}` }, "malformed"],
    ["none", "github", {}, "unsigned"],
    ["SHA-1", "github", { "x-hub-signature": `sha1=${hex.slice(0, 40)}` }, "unsigned"],
    [
      "SHA-1 in the header of SHA-256",
      "github",
      { "x-hub-signature-256": `sha1=${hex.slice(0, 40)}` },
      "malformed",
    ],
    ["without its scheme", "github", { "x-hub-signature-256": hub.slice(7) }, "malformed"],
    ["one digit more", "github", { "x-hub-signature-256": `${hub}0` }, "malformed"],
    ["all zeros", "github", { "x-hub-signature-256": `sha256=${"0".repeat(64)}` }, "mismatch"],
    ["no id", "standard", { "webhook-timestamp": String(SECONDS), "webhook-signature": "v1,x" }, "unsigned"],
  ])("%s (%s)", (_, scheme, headers, refusal) => {
    expect(check(scheme, headers)).toBe(refusal);
  });

  test("a dot in the id cannot move a part of the body into the id", () => {
    const headers = resendHeaders("b.c", STANDARD_SECRET, "a", NOW);
    const moved = { ...headers, "svix-id": `a.${headers["svix-timestamp"]}.b` };
    expect(check("standard", moved, { body: "c", secrets: [STANDARD_SECRET] })).toBe("malformed");
  });

  test("any change of one byte in the body is a mismatch, under every scheme", () => {
    const signed: [Scheme, Record<string, string>, string][] = [
      ["stripe", stripeHeaders(BODY, "secret", NOW), "secret"],
      ["github", githubHeaders(BODY, "secret", "push"), "secret"],
      ["standard", resendHeaders(BODY, STANDARD_SECRET, "msg_1", NOW), STANDARD_SECRET],
    ];
    for (const [scheme, headers, secret] of signed) {
      expect(check(scheme, headers, { secrets: [secret] })).toBeUndefined();
      for (const body of [`${BODY} `, BODY.slice(1), BODY.replace("evt_1", "evt_2"), ""]) {
        expect(check(scheme, headers, { body, secrets: [secret] })).toBe("mismatch");
      }
    }
  });

  test("without a secret every signature is refused", () => {
    expect(check("stripe", stripeHeaders(BODY, "", NOW), { secrets: [] })).toBe("mismatch");
  });
});
