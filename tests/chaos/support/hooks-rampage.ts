import { setTimeout as pause } from "node:timers/promises";
import type { House } from "./campaign.ts";
import { type Receiver, startReceiver } from "./hooks-receiver.ts";
import { insist, tally, unfinished, until } from "./insist.ts";
import { killAtRandom } from "./kill-at-random.ts";
import { hireOperator } from "./operator.ts";
import { type Part, type PartsHouse, partsHouse } from "./parts-house.ts";

type Wish = { orders: number; messages: number; killsOfEach: number; say?: (progress: string) => void };

export type HooksVerdict = {
  kills: Record<Part, number>;
  killsOfReplay: number;
  /** How many things have how many effects: `{ "1": 200 }` is each once. */
  paymentsPerOrder: Record<number, number>;
  mailsPerOrder: Record<number, number>;
  messagesPerOrder: Record<number, number>;
  /** Messages of the replay that arrived, and requests beyond one for each: an answer was lost by a kill. */
  replayed: number;
  requestsAgain: number;
  leftOver: number;
  seconds: number;
};

/**
 * Orders are paid by signed webhooks, and each payment is a mail and a message to an endpoint, while all parts of the
 * stack are killed. Then messages are replayed while they are killed again. The records of the stand-ins count.
 */
export async function hooksRampage({
  orders,
  messages,
  killsOfEach,
  say = () => {},
}: Wish): Promise<HooksVerdict> {
  const startedAt = performance.now();
  const receiver = await startReceiver();
  const house = await partsHouse({ PLAN: "pro", MAIL_REQUESTS_PER_SECOND: "50", ...receiver.environment });
  const sendOperatorHome = hireOperator(house);
  try {
    const { id: endpointId } = await house.call<{ id: string }>("POST", "/api/webhook-endpoints", {
      url: receiver.url,
      eventTypes: ["payment.succeeded", "report.ready"],
      perSecond: 1000,
    });
    const [kills] = await Promise.all([
      killAtRandom(house, { killsOfEach, say, isOver: () => false }),
      payAll(house, orders),
    ]);
    await until("every order is paid, mailed and told", async () => {
      const [row] = await house.query<{ n: number }>(
        "select count(*)::int as n from orders where receipt_made_at is not null",
      );
      return row?.n === orders && (await unfinished(house)) === 0;
    });
    const perOrder = await recordsOf(house, receiver);
    say("every payment is through; the replay");
    const { killed, requestsAgain, replayed } = await replay(house, receiver, { endpointId, messages, say });
    return {
      kills,
      killsOfReplay: killed,
      ...perOrder,
      replayed,
      requestsAgain,
      leftOver: await unfinished(house),
      seconds: Math.round((performance.now() - startedAt) / 1000),
    };
  } finally {
    await sendOperatorHome();
    await house.close();
    receiver.close();
  }
}

type Intent = { id: string; object: string; metadata: { orderId?: string } };
const intentsOf = async (house: House) =>
  (await house.control<{ objects: Intent[] }>("stripe/record")).objects.filter(
    ({ object }) => object === "payment_intent",
  );

/**
 * Asks for all payments, and posts the webhook of each, every tenth twice, as soon as Stripe has the payment. Throws as
 * soon as an order has two payments.
 */
async function payAll(house: House, orders: number): Promise<void> {
  const asking = (async () => {
    for (let n = 0; n < orders; n++) {
      const order = {
        orderId: `order-${n}`,
        amount: 4200,
        idempotencyKey: `key-${n}`,
        email: `o${n}@example.com`,
      };
      await insist(() => house.call("POST", "/api/payments", order));
    }
  })();
  asking.catch(() => {}); // It is awaited below, unless an order was paid twice.
  const told = new Set<string>();
  const paid = new Set<string>();
  for (const deadline = performance.now() + 600_000; paid.size < orders; await pause(100)) {
    const intents = await intentsOf(house);
    const { 1: once = 0, ...more } = tally(intents.map(({ metadata }) => metadata.orderId ?? "none"));
    if (Object.keys(more).length > 0)
      throw new Error(`Orders by their number of payments: ${JSON.stringify({ 1: once, ...more })}`);
    for (const intent of intents) {
      if (told.has(intent.id)) continue;
      const event = { type: "payment_intent.succeeded", object: { ...intent, status: "succeeded" } };
      const { body, headers } = await house.control<{ body: string; headers: Record<string, string> }>(
        "stripe/events",
        event,
      );
      const again = told.size % 10 === 0 ? 2 : 1;
      for (let time = 0; time < again; time++)
        await insist(() => house.post("/webhooks/payment", body, headers));
      told.add(intent.id);
      paid.add(intent.metadata.orderId ?? "none");
    }
    if (performance.now() > deadline) throw new Error(`Only ${paid.size} of ${orders} orders were paid`);
  }
  await asking;
}

async function recordsOf(house: House, { messages }: Receiver) {
  const { messages: mails } = await house.control<{ messages: { to: string[] }[] }>("messages?limit=1000");
  return {
    paymentsPerOrder: tally((await intentsOf(house)).map(({ metadata }) => metadata.orderId ?? "none")),
    mailsPerOrder: tally(mails.flatMap(({ to }) => to)),
    messagesPerOrder: tally([...messages.values()].map(({ data }) => String(data["orderId"]))),
  };
}

type Replay = { endpointId: string; messages: number; say: (progress: string) => void };

/** Messages that a disabled endpoint has missed are replayed; five kills fall meanwhile. */
async function replay(house: PartsHouse, receiver: Receiver, { endpointId, messages, say }: Replay) {
  const before = receiver.messages.size;
  const at = `/api/webhook-endpoints/${endpointId}`;
  await insist(() => house.call("POST", `${at}/disable`));
  await house.query(
    `select private.publish_fact('report.ready', owner, 'chaos:' || n, jsonb_build_object('n', n), now())
     from webhook_endpoints, generate_series(1, $2::integer) as n where id = $1`,
    [endpointId, messages],
  );
  await insist(() => house.call("POST", `${at}/enable`));
  const period = { from: "2020-01-01T00:00:00Z", to: "2099-01-01T00:00:00Z", perSecond: 1000 };
  await insist(() => house.call("POST", `${at}/replays`, period));
  const arrived = () => receiver.messages.size - before;
  const kills = await killAtRandom(house, {
    killsOfEach: 2,
    most: 5,
    say,
    isOver: () => arrived() >= messages,
  });
  await until(
    "every message has arrived",
    async () => arrived() >= messages && (await unfinished(house)) === 0,
  );
  const all = [...receiver.messages.values()].slice(before);
  return {
    killed: Object.values(kills).reduce((sum, count) => sum + count, 0),
    replayed: new Set(all.map(({ data }) => data["n"])).size,
    requestsAgain: all.reduce((sum, { times }) => sum + times - 1, 0),
  };
}

/** Describes each fault of the outcome in words. */
export function faultsOfHooks(verdict: HooksVerdict, { orders, messages, killsOfEach }: Wish): string[] {
  const faults: string[] = [];
  for (const what of ["paymentsPerOrder", "mailsPerOrder", "messagesPerOrder"] as const) {
    if (JSON.stringify(verdict[what]) !== JSON.stringify({ 1: orders }))
      faults.push(`${what}: ${JSON.stringify(verdict[what])} instead of each once`);
  }
  for (const [part, times] of Object.entries(verdict.kills))
    if (times < killsOfEach) faults.push(`${part} was killed ${times} times only`);
  if (verdict.killsOfReplay < 5) faults.push(`only ${verdict.killsOfReplay} kills fell during the replay`);
  if (verdict.replayed !== messages) faults.push(`${verdict.replayed} of ${messages} messages were replayed`);
  if (verdict.leftOver > 0) faults.push(`${verdict.leftOver} jobs or deliveries are left over`);
  return faults;
}
