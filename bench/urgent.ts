import { createHmac, randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { commandOptions, numberOption } from "@nightshift/local/command-options.ts";
import { campaignContent } from "./campaign-content.ts";
import { load } from "./campaign-send.ts";
import { type BenchStack, benchStack } from "./campaign-stack.ts";

const USAGE = "npm run bench -- urgent [--recipients 100000] [--resets 200] [--rate 4.5] [--json]";

const SECRET = Buffer.from("a secret of Auth for benchmarks!");
const BETWEEN_MS = 400;
const LATENCY_MS = 20;
/** Resend's limit. */
const PER_SECOND = 5;

/**
 * Measures how long a password reset takes, from Supabase Auth's call to the provider's record, while a campaign is
 * sent at the provider's pace. `--rate` is MAIL_REQUESTS_PER_SECOND.
 */
export async function run(args: string[]): Promise<void> {
  const { values } = commandOptions(USAGE, {
    args,
    options: {
      recipients: { type: "string", default: "100000" },
      resets: { type: "string", default: "200" },
      rate: { type: "string", default: "4.5" },
      json: { type: "boolean", default: false },
    },
  });
  const resets = numberOption("resets", values.resets);
  const recipients = numberOption("recipients", values.recipients);
  const rate = numberOption("rate", values.rate, 0.1);
  const stack = await benchStack({
    SUPABASE_HOOK_SECRET: `v1,whsec_${SECRET.toString("base64")}`,
    MAIL_REQUESTS_PER_SECOND: String(rate),
  });
  try {
    await stack.control("latency", { latencyMs: LATENCY_MS });
    await stack.control("rate", { requestsPerSecond: PER_SECOND });
    const listId = await load(stack, recipients);
    const { id } = await stack.call<{ id: string }>("POST", "/api/campaigns", { listId, ...campaignContent });
    await stack.call("POST", `/api/campaigns/${id}/send`);
    await wait(5_000);
    const accepted = new Map<string, number>();
    for (let n = 0; n < resets; n += 1) {
      const email = `urgent${n}@example.com`;
      accepted.set(email, Date.now());
      await ask(stack, email);
      await wait(BETWEEN_MS);
    }
    await wait(5_000);
    const { messages } = await stack.control<{ messages: { to: string[]; at: string }[] }>(
      `messages?limit=${resets}&q=urgent`,
    );
    const { accepted: all, byStatus } = await stack.control<{
      accepted: number;
      byStatus: Record<string, number>;
    }>("stats");
    const waits = messages
      .map(({ to, at }) => Date.parse(at) - (accepted.get(to[0] ?? "") ?? 0))
      .toSorted((one, other) => one - other);
    const figures = {
      resets,
      arrived: waits.length,
      p50Ms: waits[Math.floor(waits.length / 2)],
      p99Ms: waits[Math.ceil(waits.length * 0.99) - 1],
      mostMs: waits.at(-1),
      campaignMails: all - waits.length,
      refusedByRate: byStatus["429"] ?? 0,
    };
    if (!values.json)
      console.log(
        `${resets} password resets while a campaign goes out at ${PER_SECOND} requests a second.\n`,
      );
    console.log(JSON.stringify(figures));
  } finally {
    await stack.stop();
  }
}

/** Calls the Send Email hook as Supabase Auth does. */
async function ask(stack: BenchStack, email: string): Promise<void> {
  const data = { token: "123456", token_hash: randomUUID(), email_action_type: "recovery" };
  const body = JSON.stringify({ user: { id: randomUUID(), email }, email_data: data });
  const [id, seconds] = [randomUUID(), Math.floor(Date.now() / 1000)];
  const signature = createHmac("sha256", SECRET).update(`${id}.${seconds}.${body}`).digest("base64");
  const headers = {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(seconds),
    "webhook-signature": `v1,${signature}`,
  };
  const response = await fetch(`${stack.urls.site}/api/auth-hooks/send-email`, {
    method: "POST",
    body,
    headers,
  });
  if (!response.ok) throw new Error(`The hook answered ${response.status}: ${await response.text()}`);
}
