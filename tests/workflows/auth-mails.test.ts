import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { type PaymentShop, paymentShop } from "../support/payment-shop.ts";
import { hookHeaders } from "../support/sign.ts";

let shop: PaymentShop;
afterEach(() => shop.close());

const FIRST = `v1,whsec_${Buffer.from("the first secret of thirty-two b").toString("base64")}`;
const SECOND = `v1,whsec_${Buffer.from("another secret, of as many bytes").toString("base64")}`;
const open = async (env: Record<string, string> = {}) => {
  shop = await paymentShop({ env: { SUPABASE_HOOK_SECRET: `${SECOND}|${FIRST}`, ...env } });
};

/** As supabase/auth writes it (internal/hooks/v0hooks). */
const sendEmail = (type: string, more: object = {}, user: object = {}) => ({
  metadata: {
    uuid: randomUUID(),
    time: new Date().toISOString(),
    name: "send-email",
    ip_address: "192.0.2.1",
  },
  user: { id: randomUUID(), aud: "authenticated", role: "authenticated", email: "ada@example.com", ...user },
  email_data: {
    token: "305805",
    token_hash: "7d5b7b1964cf5d388340a7f04f1dbb5eeb6c7b52ef8270e1737a58d0",
    redirect_to: "https://app.example/new-password?from=mail&x=1",
    email_action_type: type,
    site_url: "https://project.supabase.co/auth/v1",
    token_new: "",
    token_hash_new: "",
    ...more,
  },
});
function call(hook: string, payload: unknown, secrets = [FIRST]) {
  const body = JSON.stringify(payload);
  return shop.door(`/api/auth-hooks/${hook}`, body, hookHeaders(body, secrets, shop.engine.clock.now()));
}
const mails = async () =>
  Promise.all((await shop.mails()).map(async (mail) => ({ ...mail, text: await shop.textOf(mail.id) })));

describe("S2-8: the mails of Supabase Auth", () => {
  test("a password reset is critical work, and its mail has Auth's link and code", async () => {
    await open();
    expect(await call("send-email", sendEmail("recovery"))).toEqual({ status: 200, body: {} });
    await shop.settled();
    const [mail] = await mails();
    expect(mail).toMatchObject({ to: ["ada@example.com"], subject: "Reset your password" });
    const [link = ""] = /http\S+/.exec(mail?.text ?? "") ?? [];
    const { pathname, searchParams } = new URL(link);
    expect(pathname).toBe("/auth/v1/verify");
    expect(Object.fromEntries(searchParams)).toEqual({
      token: "7d5b7b1964cf5d388340a7f04f1dbb5eeb6c7b52ef8270e1737a58d0",
      type: "recovery",
      redirect_to: "https://app.example/new-password?from=mail&x=1",
    });
    expect(mail?.text).toContain("305805");
    expect(await shop.rows("select priority from jobs")).toEqual([{ priority: 1 }]);
    // A link that signs in stays no longer than it must.
    expect(await shop.rows("select fields from mails")).toEqual([{ fields: {} }]);
  });

  test("a call that Auth repeats, with the same bytes under a new id, is mailed once", async () => {
    await open();
    const hook = sendEmail("recovery");
    await call("send-email", hook);
    await call("send-email", hook);
    await call("send-email", sendEmail("recovery"));
    await shop.settled();
    expect(await mails()).toHaveLength(2);
  });

  test("a link is not mailed after the hour in which it works", async () => {
    await open();
    await shop.steerMail("faults", { rules: [{ status: 503 }] });
    await call("send-email", sendEmail("recovery"));
    await shop.engine.advance("61m");
    await shop.steerMail("faults", { rules: [] });
    await shop.settled();
    expect(await mails()).toEqual([]);
  });

  test("a change of the address is confirmed at both, each with its own token", async () => {
    await open();
    const tokens = {
      token: "111111",
      token_hash_new: "hash-of-old",
      token_new: "222222",
      token_hash: "hash-of-new",
    };
    await call("send-email", sendEmail("email_change", tokens, { new_email: "ada@new.example" }));
    await shop.settled();
    const found = (await mails()).map(({ to, text }) => [
      to[0],
      /token=([\w-]+)/.exec(text)?.[1],
      /code: (\d+)/.exec(text)?.[1],
    ]);
    expect(found).toHaveLength(2);
    expect(found).toEqual(
      expect.arrayContaining([
        ["ada@example.com", "hash-of-old", "111111"],
        ["ada@new.example", "hash-of-new", "222222"],
      ]),
    );
  });

  test("the first address of a user without one is confirmed there, once", async () => {
    await open();
    const hook = sendEmail("email_change", {}, { email: "", new_email: "ada@new.example" });
    expect(await call("send-email", hook)).toEqual({ status: 200, body: {} });
    expect(await call("send-email", sendEmail("recovery", {}, { email: "" }))).toMatchObject({ status: 400 });
    await shop.settled();
    const [mail, ...others] = await mails();
    expect(mail).toMatchObject({ to: ["ada@new.example"], subject: "Confirm the change of your address" });
    expect(mail?.text).toContain("7d5b7b1964cf5d388340a7f04f1dbb5eeb6c7b52ef8270e1737a58d0");
    expect(others).toEqual([]);
  });

  test.each([
    ["signup", "Confirm your address"],
    ["invite", "You are invited"],
    ["magiclink", "Your link to sign in"],
    ["reauthentication", "305805 is your code"],
    ["password_changed_notification", "Your password was changed"],
    ["a_type_of_next_year", "Your account was changed"],
  ])("%s is mailed as %s", async (type, subject) => {
    await open();
    const isNotice = type.endsWith("notification") || type.startsWith("a_type");
    await call("send-email", sendEmail(type, isNotice ? { token: "", token_hash: "" } : {}));
    await shop.settled();
    expect((await mails()).map((mail) => mail.subject)).toEqual([subject]);
  });
});

describe("the signature of a hook", () => {
  test("any secret of ours is enough, also beside another of Auth's", async () => {
    await open();
    const other = `v1,whsec_${Buffer.from("a third one, which we do not know").toString("base64")}`;
    expect(await call("send-email", sendEmail("recovery"), [FIRST, other])).toMatchObject({ status: 200 });
    expect(await call("send-email", sendEmail("recovery"), [other])).toMatchObject({ status: 401 });
  });

  test("changed bytes, an old call and a missing secret are refused, and mail nothing", async () => {
    await open();
    const body = JSON.stringify(sendEmail("recovery"));
    const send = (bytes: string, headers: Record<string, string>) =>
      shop.door("/api/auth-hooks/send-email", bytes, headers);
    const now = shop.engine.clock.now();
    expect(await send(`${body} `, hookHeaders(body, [FIRST], now))).toMatchObject({ status: 401 });
    const old = new Date(now.getTime() - 301_000);
    expect(await send(body, hookHeaders(body, [FIRST], old))).toMatchObject({ status: 401 });
    expect(await call("send-email", { user: {} })).toMatchObject({ status: 400 });
    await shop.close();
    await open({ SUPABASE_HOOK_SECRET: "" });
    expect(await call("send-email", sendEmail("recovery"))).toMatchObject({ status: 503 });
    expect(await shop.rows("select from mails")).toEqual([]);
  });
});

test("the hook After User Created says the same as the trigger: whichever is first, the user is welcomed once", async () => {
  await open();
  const id = randomUUID();
  const at = shop.engine.clock.now();
  const user = {
    id,
    email: "ada@example.com",
    email_confirmed_at: at.toISOString(),
    user_metadata: { name: "Ada" },
  };
  const payload = { metadata: { name: "after-user-created" }, user };
  expect(await call("after-user-created", payload)).toEqual({ status: 200, body: {} });
  await shop.rows("insert into auth.users (id, email, email_confirmed_at) values ($1, $2, $3)", [
    id,
    user.email,
    at,
  ]);
  await call("after-user-created", payload);
  await call("after-user-created", {
    ...payload,
    user: { ...user, id: randomUUID(), email: "eve@example.com", email_confirmed_at: null },
  });
  await shop.engine.idle();
  expect((await mails()).map(({ subject }) => subject)).toEqual(["Welcome!"]);
  expect(await shop.rows("select name from profiles")).toEqual([{ name: "Ada" }]);
});
