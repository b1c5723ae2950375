import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type TestApp, testApp } from "../support/app.ts";
import { testImprint, testLinks } from "../support/broadcast.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let site: TestApp;
let listId: string;
let link: string;
beforeAll(async () => {
  database = await freshDatabase();
  site = await testApp(database);
});
afterAll(() => database.close());

const EMAIL = "ada.long@example.com";
const path = () => `/api/lists/${listId}/subscribers`;
const subscriber = async () => (await site.call("GET", path(), { as: "ann" })).body.items[0];
const linkOf = (id: number) => `/l/${testLinks.signer(testImprint.linkKeyId, listId)(id)}`;

beforeEach(async () => {
  await database.sql.query("truncate suppressions");
  listId = (await site.call("POST", "/api/lists", { as: "ann", body: { name: "News & <b>more</b>" } })).body
    .id;
  await site.call("POST", path(), { as: "ann", body: [{ email: EMAIL }] });
  link = linkOf((await subscriber()).id);
});

type Body = string | FormData | URLSearchParams;
async function knock(method: string, at = link, body?: Body, headers: Record<string, string> = {}) {
  const init = { method, headers, ...(body === undefined ? {} : { body }) };
  const response = await site.app.doors.api(new Request(`https://site.example${at}`, init));
  return { status: response.status, headers: response.headers, page: await response.text() };
}
const press = (action: string) => knock("POST", link, new URLSearchParams({ action }));
const oneClick = new URLSearchParams({ "List-Unsubscribe": "One-Click" });

describe("RFC 8058: a mail provider's one click", () => {
  test.each(["form", "multipart"])(
    "a POST as %s unsubscribes, without login, cookie or redirect",
    async (kind) => {
      const form = new FormData();
      form.set("List-Unsubscribe", "One-Click");
      const answer = await knock("POST", link, kind === "form" ? oneClick : form);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("location")).toBeNull();
      expect(answer.headers.get("set-cookie")).toBeNull();
      expect(await subscriber()).toMatchObject({ status: "unsubscribed" });
      const { rows } = await database.sql.query(
        "select scope, list_id, reason, source, is_active from suppressions",
      );
      expect(rows).toEqual([
        { scope: "list", list_id: listId, reason: "unsubscribed", source: "link", is_active: true },
      ]);
    },
  );

  test("repeated, it changes nothing more; another list is not affected", async () => {
    const other = (await site.call("POST", "/api/lists", { as: "ann", body: { name: "Other" } })).body.id;
    await site.call("POST", `/api/lists/${other}/subscribers`, { as: "ann", body: [{ email: EMAIL }] });
    for (let n = 0; n < 3; n++) expect((await knock("POST", link, oneClick)).status).toBe(200);
    expect((await database.sql.query("select from suppressions")).rowCount).toBe(1);
    const [elsewhere] = (await site.call("GET", `/api/lists/${other}/subscribers`, { as: "ann" })).body.items;
    expect(elsewhere).toMatchObject({ status: "active" });
  });

  test.each(["GET", "HEAD"])("%s changes nothing, because scanners open every link", async (method) => {
    expect((await knock(method)).status).toBe(200);
    expect(await subscriber()).toMatchObject({ status: "active" });
    expect((await database.sql.query("select from suppressions")).rowCount).toBe(0);
  });
});

describe("the page", () => {
  test("shows what the person gets, without script and without the whole address, and escapes the list's name", async () => {
    const { headers, page } = await knock("GET");
    expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("content-security-policy")).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
    );
    expect(page).toContain("News &amp; &lt;b&gt;more&lt;/b&gt;");
    expect(page).toContain("a…@example.com");
    expect(page).not.toMatch(/<script|ada\.long/);
  });

  test("a person leaves the list, comes back, leaves all newsletters, and comes back", async () => {
    const status = async () => (await subscriber()).status;
    expect((await press("unsubscribe")).page).toContain("You are unsubscribed");
    expect(await status()).toBe("unsubscribed");
    expect((await press("subscribe")).page).toContain("Unsubscribe?");
    expect(await status()).toBe("active");
    expect((await press("unsubscribe_from_all")).page).toContain("gets no newsletter from us");
    expect(await status()).toBe("unsubscribed");
    await press("subscribe");
    expect(await status()).toBe("active");
  });

  test("a person cannot take back what was not their own: a bounce, or a suppression by hand", async () => {
    const body = { address: EMAIL, scope: "all" };
    await site.call("POST", "/api/suppressions", { as: "admin", body });
    const { page } = await press("subscribe");
    expect(page).toContain("You get no mail from us");
    expect(page).not.toContain("<button");
    expect(await subscriber()).toMatchObject({ status: "suppressed" });
  });

  test("the link of a deleted subscriber still answers, and tells nothing of the person", async () => {
    const { id } = await subscriber();
    await site.call("DELETE", `${path()}/${id}`, { as: "ann" });
    for (const { status, page } of [await knock("GET"), await press("subscribe")]) {
      expect(status).toBe(200);
      expect(page).toContain("You get no mail from us");
      expect(page).not.toContain("…@");
    }
  });
});

describe("what is refused", () => {
  test("404: a link that is not signed by us, without detail, and nothing changes", async () => {
    const changed = `${link.slice(0, 10)}${link[10] === "A" ? "B" : "A"}${link.slice(11)}`;
    const pages = await Promise.all(
      [changed, "/l/x", `/l/${"A".repeat(59)}`].flatMap((at) => [
        knock("GET", at),
        knock("POST", at, oneClick),
      ]),
    );
    for (const { status, page } of pages) {
      expect(status).toBe(404);
      expect(page).toBe(pages[0]?.page);
    }
    expect(await subscriber()).toMatchObject({ status: "active" });
  });

  test("404: the link of a list that is gone", async () => {
    await site.call("DELETE", `/api/lists/${listId}`, { as: "ann" });
    expect((await knock("GET")).status).toBe(404);
    expect((await knock("POST", link, oneClick)).status).toBe(404);
  });

  test("413: a huge body; 415: no form; 400: a broken form; 405: another method", async () => {
    expect((await knock("POST", link, new URLSearchParams({ a: "x".repeat(20_000) }))).status).toBe(413);
    expect((await knock("POST", link, "{}", { "content-type": "application/json" })).status).toBe(415);
    const multipart = { "content-type": "multipart/form-data; boundary=x" };
    expect((await knock("POST", link, "not a form", multipart)).status).toBe(400);
    expect((await knock("DELETE")).status).toBe(405);
    expect(await subscriber()).toMatchObject({ status: "active" });
  });
});

describe("a broadcast that could not be sent lawfully", () => {
  test.each(["POSTAL_ADDRESS", "URL", "LINK_SECRET"])(
    "is refused at the door without %s, and the hint says what to set",
    async (name) => {
      const bare = await testApp(database, { env: { [name]: "" } });
      const content = { listId, subject: "S", text: "T", from: "a@example.com" };
      const { body: draft } = await bare.call("POST", "/api/campaigns", { as: "ann", body: content });
      const answers = [
        await bare.call("POST", `/api/campaigns/${draft.id}/send`, { as: "ann" }),
        await bare.call("POST", "/api/newsletter", { as: "ann", body: content }),
      ];
      for (const { status, body } of answers) {
        expect(status).toBe(503);
        expect(body).toMatchObject({ code: "not_configured", detail: `A broadcast needs ${name}` });
        expect(body.hint).toContain("postal address");
      }
      expect(
        (await database.sql.query("select from jobs where function_id = 'send-email-campaign'")).rowCount,
      ).toBe(0);
    },
  );
});
