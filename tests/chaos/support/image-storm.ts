import { setTimeout as pause } from "node:timers/promises";
import { auditImageTasks } from "../../support/image-audit.ts";
import { type ChaosHouse, chaosHouse } from "./house.ts";
import { type Accepted, produce } from "./image-producers.ts";
import { type ImageVerdict, judgeImages } from "./image-verdict.ts";

export type ImageStorm = { tasks: number; kills: number; say?: (progress: string) => void };

const PRODUCERS = 4;
const CANCELED_SHARE = 0.05;
/** The provider's average latency; it makes most kills hit a request in flight. */
const LATENCY_MS = 250;
const TIMEOUT_MS = 1_500;
const SHORTEST_LIFE_MS = 500;
/** How long after the last kill a task may take to end. */
const PATIENCE_MS = 300_000;

/**
 * Four producers request pictures in two lanes, while a tenth of the requests fails, tasks are canceled at random, and
 * the site is killed with SIGKILL again and again.
 */
export async function imageStorm({ tasks, kills, say = () => {} }: ImageStorm): Promise<ImageVerdict> {
  const startedAt = performance.now();
  const house = await chaosHouse({ IMAGES_SIZE: "32", IMAGES_TIMEOUT_MS: String(TIMEOUT_MS), PLAN: "pro" });
  try {
    await auditImageTasks((sql, ...values) => house.query(sql, values));
    await house.control("images", { failureRate: 0.1, latencyMs: LATENCY_MS, seed: Date.now() % 1_000_000 });
    await house.startSite();
    const accepted: Accepted[] = [];
    const isOver = () => everythingEnded(house, tasks);
    const producing = Promise.all(
      Array.from({ length: PRODUCERS }, (_, n) =>
        produce(house, n, Math.ceil(tasks / PRODUCERS), (task) => accepted.push(task)),
      ),
    );
    let isStorming = true;
    const storm = () => isStorming;
    const others = [cancelSome(house, accepted, storm), keepHouse(house, storm)];
    const killed = await killSite(house, kills, isOver, say);
    await producing;
    say(`all ${accepted.length} are accepted`);
    for (const end = performance.now() + PATIENCE_MS; !(await isOver()) && performance.now() < end; )
      await pause(250);
    isStorming = false;
    await Promise.all(others);
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    return { ...(await judgeImages(house, accepted)), ...killed, seconds };
  } finally {
    await house.close();
  }
}

async function everythingEnded(house: ChaosHouse, tasks: number): Promise<boolean> {
  const [row] = await house.query<{ ended: number }>(
    "select count(*)::int as ended from image_tasks where ended_at is not null",
  );
  return (row?.ended ?? 0) >= tasks;
}

/**
 * Three of four kills happen while pictures are being drawn. The site lives about as long as its start took, also on a
 * slow machine, so it is up half of the time.
 */
async function killSite(
  house: ChaosHouse,
  kills: number,
  isOver: () => Promise<boolean>,
  say: (progress: string) => void,
) {
  let [done, killsInFlight] = [0, 0];
  for (let startMs = SHORTEST_LIFE_MS; done < kills && !(await isOver()); ) {
    await pause(SHORTEST_LIFE_MS + Math.random() * startMs);
    if (done % 4 !== 3) while ((await inFlight(house)) === 0 && !(await isOver())) await pause(10);
    const drawn = await inFlight(house);
    await house.killSite();
    done += 1;
    if (drawn > 0) killsInFlight += 1;
    say(`kill ${done} of ${kills}: site (${drawn} pictures being drawn)`);
    const killedAt = performance.now();
    await house.startSite();
    startMs = performance.now() - killedAt;
  }
  return { kills: done, killsInFlight };
}

const inFlight = async (house: ChaosHouse): Promise<number> =>
  (await house.control<{ stats: { inFlight: number } }>("images")).stats.inFlight;

/** Cancels tasks in any state: waiting, being drawn, waiting for a retry, or completed. */
async function cancelSome(house: ChaosHouse, accepted: readonly Accepted[], isStorming: () => boolean) {
  let seen = 0;
  while (isStorming()) {
    for (; seen < accepted.length; seen++) {
      const task = accepted[Math.max(0, seen - Math.floor(Math.random() * 20))];
      if (task && Math.random() < CANCELED_SHARE) {
        await house.call("DELETE", `/api/tasks/${task.id}`).catch(() => {});
      }
    }
    await pause(20);
  }
}

/** Netlify calls housekeeping every five minutes; here it is called more often. */
async function keepHouse(house: ChaosHouse, isStorming: () => boolean) {
  while (isStorming()) {
    await house.query("select start_waiting_image_tasks(now())").catch(() => {});
    await pause(1_000);
  }
}
