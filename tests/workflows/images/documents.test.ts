/** The demo queue of the source documents with its numbers, on the whole product. */
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type ImageQueueHouse, imageQueueHouse } from "../../support/image-queue-house.ts";

let house: ImageQueueHouse;
beforeEach(async () => {
  house = await imageQueueHouse();
});
afterEach(() => house.close());

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const queue = async (prompt: string): Promise<string> =>
  (await house.call("POST", "/api/queue-task", { prompt })).body.task.id;
/** While the provider holds a picture the engine's clock stops, so this waits in real time. */
const until = async (condition: () => Promise<boolean>) => {
  while (!(await condition())) await pause(5);
};

it("S0-3, S1-27: the seventh task waits 30 s for six drawings of 30 s, and the average drawing time shows it", async () => {
  await house.control("", { hold: true });
  const ids: string[] = [];
  for (let n = 0; n < 7; n++) ids.push(await queue(`boat ${n}`));
  await until(async () => (await house.control()).stats.inFlight === 6);
  house.tick(30_000);
  expect((await house.task(String(ids[6]))).status).toBe("pending");

  await house.control("/release", { count: 6 });
  await until(async () => (await house.task(String(ids[6]))).startedAt !== null);
  const [first, seventh] = [await house.task(String(ids[0])), await house.task(String(ids[6]))];
  expect(Date.parse(seventh.startedAt) - Date.parse(first.startedAt)).toBeGreaterThanOrEqual(30_000);

  await house.control("", { hold: false });
  await until(async () => (await house.task(String(ids[6]))).status === "completed");
  const { body } = await house.call("GET", "/api/stats?lane=demo");
  // Six tasks took 30 s, the last one no time.
  expect(body.lanes[0].averageMs / 1000).toBeCloseTo((6 * 30) / 7, 0);
});

it("S0-18: a hundred requests, twenty at a time, get ids with 122 random bits", async () => {
  const ids: string[] = [];
  for (let wave = 0; wave < 5; wave++)
    ids.push(...(await Promise.all(Array.from({ length: 20 }, (_, n) => queue(`boat ${wave} ${n}`)))));
  expect(new Set(ids).size).toBe(100);
  for (const id of ids) expect(id).toMatch(UUID_V4);
  // A random bit has one value in all hundred ids once in 2^99 times.
  const numbers = ids.map((id) => BigInt(`0x${id.replaceAll("-", "")}`));
  const varying = numbers.reduce((bits, number) => bits | (number ^ (numbers[0] ?? number)), 0n);
  expect(varying.toString(2).replaceAll("0", "")).toHaveLength(122);
});

it("S1-26: a job that the stream reports as canceled has its run stopped in the engine", async () => {
  await house.control("", { outage: 503 });
  const id = await queue("a boat");
  await house.engine.waitFor(async () => (await house.task(id)).status === "waiting", { within: "1h" });
  const { jobUrl } = await house.task(id);

  expect((await house.call("DELETE", jobUrl)).status).toBe(202);
  const stream = await house.fetchAs("ann", "GET", `${jobUrl}/stream`, undefined, {
    accept: "application/json",
  });
  const { messages } = await stream.json();
  expect(messages.at(-1).data.jobs[0].status).toBe("canceled");
  await house.engine.idle();
  expect(house.engine.runs("generate-image").map(({ status }) => status)).toEqual(["Cancelled"]);
});

it("S4-54: a provider that reports no remaining requests gets none before its reset", async () => {
  await house.control("", { requestsPerSecond: 1 });
  const first = await queue("a boat");
  await house.engine.waitFor(async () => (await house.task(first)).status === "completed");
  const second = await queue("another boat");
  await house.engine.idle();
  expect((await house.task(second)).status).toBe("processing");
  await house.engine.waitFor(async () => (await house.task(second)).status === "completed");
  const { drawings } = await house.control("/drawings");
  expect(drawings.map(({ status }: { status: number }) => status)).toEqual([200, 200]);
});
