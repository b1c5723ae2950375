import { mkdtempSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMailProvider, type MailProvider } from "@nightshift/local/providers/mail/provider.ts";
import { afterEach, expect, test } from "vitest";

const open: MailProvider[] = [];
const folders: string[] = [];
afterEach(() => {
  for (const provider of open.splice(0)) provider.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function start(options: Parameters<typeof createMailProvider>[0] = {}) {
  const provider = createMailProvider(options);
  open.push(provider);
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await provider.fetch(
      new Request(`http://mail.local${path}`, {
        method,
        headers: { authorization: "Bearer re_local", "content-type": "application/json", ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === "" ? undefined : JSON.parse(text),
    };
  };
  return {
    provider,
    send: (mails: unknown[], key?: string) =>
      call("POST", "/emails/batch", mails, key === undefined ? {} : { "idempotency-key": key }),
    control: (name: string, body: unknown) => call("POST", `/_control/${name}`, body),
    get: async (path: string) => (await call("GET", path)).body,
    call,
  };
}

const mail = (to: string, more: object = {}) => ({
  from: "news@nightshift.dev",
  to,
  subject: `Hello ${to}`,
  html: `<p>${to}</p>`,
  tags: [{ name: "campaign_id", value: "c1" }],
  ...more,
});

function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "nightshift-mail-"));
  folders.push(folder);
  return folder;
}

test("mails, idempotency keys and settings survive a restart", async () => {
  const dir = tempFolder();
  const before = start({ dir });
  await before.control("keys", { accept: ["re_local"] });
  const first = await before.send([mail("a@x.dev"), mail("b@x.dev")], "k1");
  await before.send([mail("a@x.dev")], "k2");
  // It is not closed, because a killed process is not closed either.

  const after = start({ dir });
  expect(await after.get("/_control/stats?campaign_id=c1")).toMatchObject({
    accepted: 3,
    recipients: 2,
    duplicates: 1,
  });
  expect((await after.send([mail("a@x.dev"), mail("b@x.dev")], "k1")).body).toEqual(first.body);
  expect((await after.get("/_control/settings")).keys).toEqual(["re_local"]);
  const { messages } = await after.get("/_control/messages");
  expect(messages.map((one: { to: string[] }) => one.to[0])).toEqual(["a@x.dev", "b@x.dev", "a@x.dev"]);
  expect(await after.get(`/_control/messages/${first.body.data[1].id}`)).toMatchObject({
    html: "<p>b@x.dev</p>",
  });
});

test("an incomplete last entry after a kill is dropped, and earlier ones are kept", async () => {
  const dir = tempFolder();
  const before = start({ dir });
  await before.send([mail("a@x.dev")]);
  const whole = statSync(join(dir, "mail.journal")).size;
  await before.send([mail("b@x.dev")]);
  truncateSync(join(dir, "mail.journal"), whole + 60);

  const after = start({ dir });
  await after.send([mail("c@x.dev")]);
  const { messages } = await after.get("/_control/messages");
  expect(messages.map((one: { to: string[] }) => one.to[0])).toEqual(["c@x.dev", "a@x.dev"]);
});

test("an idempotency key is remembered for 24 hours", async () => {
  let now = new Date("2026-03-01T12:00:00Z");
  const { send, get } = start({ clock: { now: () => now } });
  await send([mail("a@x.dev")], "k1");
  now = new Date("2026-03-02T11:59:59Z");
  await send([mail("a@x.dev")], "k1");
  expect(await get("/_control/stats")).toMatchObject({ accepted: 1 });
  now = new Date("2026-03-02T12:00:01Z");
  await send([mail("a@x.dev")], "k1");
  expect(await get("/_control/stats")).toMatchObject({ accepted: 2, duplicates: 1 });
});

test("409 for a key whose first request is still in progress, and only one mail is recorded", async () => {
  const { send, control, get } = start();
  await control("latency", { latencyMs: 500 });
  const [one, other] = await Promise.all([send([mail("a@x.dev")], "k1"), send([mail("a@x.dev")], "k1")]);
  expect([one.status, other.status].toSorted((a, b) => a - b)).toEqual([200, 409]);
  expect([one, other].find(({ status }) => status === 409)?.body.name).toBe("concurrent_idempotent_requests");
  expect(await get("/_control/stats")).toMatchObject({ accepted: 1, maxInFlight: 2 });
});

test("with keys ignored, the same request is recorded twice", async () => {
  const { send, control, get } = start();
  await control("idempotency", { honored: false });
  await send([mail("a@x.dev")], "k1");
  await send([mail("a@x.dev")], "k1");
  expect(await get("/_control/stats")).toMatchObject({ accepted: 2, duplicates: 1 });
});

test("429 with retry-after and ratelimit headers over a sliding second", async () => {
  let nowMs = 10_000;
  const { send, control } = start({ clock: { now: () => new Date(nowMs) } });
  await control("rate", { requestsPerSecond: 5 });
  const statuses: number[] = [];
  for (let i = 0; i < 6; i += 1) statuses.push((await send([mail("a@x.dev")])).status);
  expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
  const refused = await send([mail("a@x.dev")]);
  expect(refused.body.name).toBe("rate_limit_exceeded");
  expect(Object.fromEntries(refused.headers)).toMatchObject({
    "retry-after": "1",
    "ratelimit-limit": "5",
    "ratelimit-remaining": "0",
  });
  nowMs += 1000;
  expect((await send([mail("a@x.dev")])).status).toBe(200);
});

test("faults can be limited by count, by every n-th request, by key and by recipient", async () => {
  const { send, control } = start();
  const statuses = async (times: number, key?: string) => {
    const seen: number[] = [];
    for (let i = 0; i < times; i += 1) seen.push((await send([mail("a@x.dev")], key && `${key}${i}`)).status);
    return seen;
  };
  await control("faults", { rules: [{ status: 503, count: 2, retryAfter: 7 }] });
  expect(await statuses(3)).toEqual([503, 503, 200]);
  await control("faults", { rules: [{ status: 429, every: 3 }] });
  expect(await statuses(6)).toEqual([200, 200, 429, 200, 200, 429]);
  await control("faults", { rules: [{ status: 401, match: ":[12]$" }] });
  expect(await statuses(4, "campaign:")).toEqual([200, 401, 401, 200]);
  await control("faults", { rules: [{ status: 500, match: "^a@" }] });
  expect(await statuses(1)).toEqual([500]);
});

test("with a dropped answer the mail is accepted, and the caller sees a broken connection", async () => {
  const { send, control, get } = start();
  await control("faults", { rules: [{ dropAnswer: true, count: 1 }] });
  await expect(send([mail("a@x.dev")], "k1")).rejects.toThrow("fetch failed");
  expect(await get("/_control/stats")).toMatchObject({ accepted: 1 });
  expect((await send([mail("a@x.dev")], "k1")).status).toBe(200);
  expect(await get("/_control/stats")).toMatchObject({ accepted: 1, duplicates: 0 });
});

test("addresses that are always refused fail alone in a permissive batch", async () => {
  const { call, control } = start();
  await control("reject", { addresses: ["B@x.dev"] });
  const batch = [mail("a@x.dev"), mail("b@x.dev")];
  expect((await call("POST", "/emails/batch", batch)).status).toBe(422);
  const { body } = await call("POST", "/emails/batch", batch, { "x-batch-validation": "permissive" });
  expect(body.data).toHaveLength(1);
  expect(body.errors).toMatchObject([{ index: 1 }]);
});

test("401 for a key that is not accepted", async () => {
  const { send, control } = start();
  await control("keys", { accept: ["re_other"] });
  expect(await send([mail("a@x.dev")])).toMatchObject({
    status: 401,
    body: { message: "API key is invalid" },
  });
  await control("keys", { accept: null });
  expect((await send([mail("a@x.dev")])).status).toBe(200);
});

test("the inbox lists mails in pages, searches them, and shows a mail without running its content", async () => {
  const { send, get, provider } = start();
  await send(Array.from({ length: 70 }, (_, i) => mail(`p${i}@x.dev`)));
  const first = await get("/_control/messages?limit=50");
  const second = await get(`/_control/messages?limit=50&before=${first.next}`);
  expect([first.messages.length, second.messages.length, second.next]).toEqual([50, 20, null]);
  expect((await get("/_control/messages?q=HELLO%20P33")).messages).toHaveLength(1);

  const view = await provider.fetch(new Request(`http://mail.local/messages/${first.messages[0].id}/html`));
  expect(view.headers.get("content-security-policy")).toMatch(/^sandbox .*default-src 'none'/);
  expect(await view.text()).toContain("<p>p69@x.dev</p>");
});

test("the control API accepts only JSON, so that a web page cannot use it", async () => {
  const { call } = start();
  const refused = await call("POST", "/_control/keys", { accept: [] }, { "content-type": "text/plain" });
  expect(refused.status).toBe(415);
  const wrong = await call("POST", "/_control/faults", { rules: [{ status: 42 }] });
  expect(wrong).toMatchObject({ status: 400, body: { error: expect.stringContaining("rules.0.status") } });
});

test("the Slack webhook accepts the messages that Slack accepts", async () => {
  const { provider, get } = start();
  const post = (body: string) =>
    provider.fetch(new Request("http://mail.local/slack", { method: "POST", body }));
  expect(await (await post(JSON.stringify({ text: "A letter died." }))).text()).toBe("ok");
  expect((await post("{}")).status).toBe(400);
  expect((await post("no json")).status).toBe(400);
  expect((await get("/_control/slack")).messages).toMatchObject([{ message: { text: "A letter died." } }]);
});

test("a batch is read as JSON, whatever its mails contain", async () => {
  const { provider, send, get } = start();
  const texts = ['},{"from":', 'A quote ", then },{"from": and ]', "Grüße 👍", "plain"];
  const { body } = await send(texts.map((text, n) => mail(`p${n}@x.dev`, { text })));
  const sent = body.data.map(({ id }: { id: string }) => get(`/_control/messages/${id}`));
  expect(await Promise.all(sent)).toMatchObject(texts.map((text, n) => ({ to: [`p${n}@x.dev`], text })));

  const wrong = ["[{}", '[{"from":"a"},]', '[{"from":"a"}},{"from":"b"}]', '[{"from":"a"},{"from":]', "[,]"];
  const statuses = wrong.map(async (text) => {
    const headers = { authorization: "Bearer re_local", "content-type": "application/json" };
    const request = new Request("http://mail.local/emails/batch", { method: "POST", headers, body: text });
    return (await provider.fetch(request)).status;
  });
  expect(await Promise.all(statuses)).toEqual(wrong.map(() => 400));
});
