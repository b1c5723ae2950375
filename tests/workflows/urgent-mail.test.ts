import { randomUUID } from "node:crypto";
import { startEngine } from "@nightshift/local/engine/testkit.ts";
import { createMailProvider } from "@nightshift/local/providers/mail/provider.ts";
import { expect, test } from "vitest";
import { z } from "zod";
import { createApp } from "#app.ts";
import { allFunctions } from "#functions.ts";
import { testApp, testEnv } from "../support/app.ts";
import { freshDatabase } from "../support/database.ts";
import { discreteTime } from "../support/discrete-time.ts";
import { hookHeaders } from "../support/sign.ts";

const RECIPIENTS = 100_000;
const RESETS = 100;
const BETWEEN_MS = 300;
/** How long the provider takes to answer. */
const PROVIDER_MS = 150;
/** The default of MAIL_REQUESTS_PER_SECOND. */
const REQUESTS_PER_SECOND = 4.5;
const SECRET = `v1,whsec_${Buffer.from("a secret of Auth, thirty-two chars").toString("base64")}`;

/** When the request to each address began, by the virtual clock. */
const wire = new Map<string, number>();
const batch = z.array(z.object({ to: z.union([z.string(), z.array(z.string())]) }));

test("S2-8: while a campaign to 100,000 goes out at the provider's pace, 99 of 100 password resets are on the wire within a second", async () => {
  const database = await freshDatabase();
  const engine = await startEngine({ app: (request) => app.doors.inngest(request) });
  const mail = createMailProvider({ clock: engine.clock, settings: { requestsPerSecond: 5 } });
  const time = discreteTime(engine.clock);
  let requests = 0;
  let refusals = 0;

  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const { host, pathname } = new URL(request.url);
    if (host === "mail.local" && pathname.startsWith("/emails")) {
      const mails = batch.parse(await request.clone().json());
      const to = mails.flatMap((one) => one.to);
      for (const address of to) wire.set(address, engine.clock.now().getTime());
      requests += 1;
      await time.clock.sleep(PROVIDER_MS);
    }
    const response = await time.during(() => {
      if (host === "engine.local") return engine.fetch(request);
      return host === "mail.local" ? mail.fetch(request) : database.fetch(request);
    });
    if (host === "mail.local" && response.status === 429) refusals += 1;
    return response;
  };
  const env = testEnv(database, { SUPABASE_HOOK_SECRET: SECRET, PLAN: "free" });
  const app = createApp(env, { fetch, clock: time.clock }, allFunctions);
  const site = await testApp(database, { clock: time.clock, outside: fetch });

  try {
    const { body: list } = await site.call("POST", "/api/lists", { as: "ann", body: { name: "People" } });
    await database.sql.query(
      `insert into email_subscribers (list_id, email, created_at, updated_at)
       select $1, 'p' || n || '@example.com', $2, $2 from generate_series(1, $3::int) as n`,
      [list.id, engine.clock.now(), RECIPIENTS],
    );
    const content = { listId: list.id, name: "News", subject: "News", text: "Hello", from: "us@example.com" };
    const { body: campaign } = await site.call("POST", "/api/campaigns", { as: "ann", body: content });
    await site.call("POST", `/api/campaigns/${campaign.id}/send`, { as: "ann" });
    const startedAt = engine.clock.now().getTime();
    await time.pass(5_000);
    expect(wire.size).toBeGreaterThan(1_000);

    const accepted = new Map<string, number>();
    for (let n = 0; n < RESETS; n += 1) {
      const email = `reset${n}@example.com`;
      const now = engine.clock.now();
      const body = JSON.stringify({
        user: { id: randomUUID(), email },
        email_data: { token: "123456", token_hash: `hash${n}`, email_action_type: "recovery" },
      });
      accepted.set(email, now.getTime());
      const address = "http://site.local/api/auth-hooks/send-email";
      const call = new Request(address, { method: "POST", body, headers: hookHeaders(body, [SECRET], now) });
      expect((await app.doors.api(call)).status).toBe(200);
      await time.pass(BETWEEN_MS);
    }
    await time.pass(5_000);

    const waits = [...accepted]
      .map(([email, at]) => (wire.get(email) ?? Infinity) - at)
      .toSorted((one, other) => one - other);
    const p99 = waits[Math.ceil(RESETS * 0.99) - 1] ?? Infinity;
    expect(p99).toBeLessThan(1_000);
    expect(waits.filter(Number.isFinite)).toHaveLength(RESETS);
    // The campaign went on all the while, and both together kept the rate that the provider allows: it refused nothing.
    const seconds = (engine.clock.now().getTime() - startedAt) / 1000;
    expect(requests).toBeLessThan(REQUESTS_PER_SECOND * seconds + 2);
    expect(requests).toBeGreaterThan(REQUESTS_PER_SECOND * seconds * 0.8);
    expect(refusals).toBe(0);
  } finally {
    time.end();
    await engine.close();
    mail.close();
    await database.close();
  }
}, 180_000);
