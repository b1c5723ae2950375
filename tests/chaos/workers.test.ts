import { choosePorts } from "@nightshift/local/stack/ports.ts";
import { expect, test } from "vitest";
import { startBalancer } from "./support/balancer.ts";
import { type ChaosHouse, chaosHouse } from "./support/house.ts";

type Drawings = { drawings: { prompt: string }[] };
type Stats = { stats: { maxInFlight: number } };

test("S1-28: two processes of the site share the tasks of one database, each is drawn once, and one can do without the other", async () => {
  const balancer = await startBalancer();
  const house = await chaosHouse(
    { IMAGES_SIZE: "32", PLAN: "pro" },
    { appUrl: `${balancer.url}/api/inngest` },
  ).catch(async (error: unknown) => {
    await balancer.close();
    throw error;
  });
  try {
    await house.control("images", { failureRate: 0 });
    const first = Number(new URL(house.siteUrl).port);
    const { site: second } = await choosePorts({ port: undefined, ephemeral: true });
    await Promise.all([house.startSite(), house.startSite(second)]);
    balancer.add(first);
    balancer.add(second);
    const calls = () => [...balancer.answered.values()];
    // The first call registers the functions at the engine.
    await expect.poll(() => Math.max(...calls())).toBeGreaterThan(0);

    // The provider answers nothing until it has as many requests as the lane allows.
    await house.control("images", { hold: true });
    await ask(house, [first, second], 20);
    await expect.poll(async () => (await house.control<Stats>("images")).stats.maxInFlight).toBe(5);
    await house.control("images", { hold: false });
    await expectDrawnOnce(house, 20);
    expect(calls().map((count) => count > 5)).toEqual([true, true]);

    balancer.remove(first);
    await house.killSite();
    await ask(house, [second], 5);
    await expectDrawnOnce(house, 25);
  } finally {
    await house.close();
    await balancer.close();
  }
});

/** Requests pictures from these processes in turn. */
async function ask(house: ChaosHouse, ports: number[], count: number): Promise<void> {
  const key = await house.keyOf("ada");
  const statuses = await Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const answer = await fetch(`http://127.0.0.1:${ports[n % ports.length]}/api/tasks`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify({ prompt: `boat ${n} of ${count}` }),
      });
      return answer.status;
    }),
  );
  expect(new Set(statuses)).toEqual(new Set([202]));
}

/** By the provider's own record. The lane draws five at once, whatever the number of processes. */
async function expectDrawnOnce(house: ChaosHouse, count: number): Promise<void> {
  const states = () => house.query("select status, count(*)::int from image_tasks group by 1");
  await expect.poll(states).toEqual([{ status: "completed", count }]);
  const { stats } = await house.control<Stats>("images");
  const { drawings } = await house.control<Drawings>("images/drawings?limit=1000");
  expect(new Set(drawings.map(({ prompt }) => prompt)).size).toBe(count);
  expect([drawings.length, stats.maxInFlight]).toEqual([count, 5]);
}
