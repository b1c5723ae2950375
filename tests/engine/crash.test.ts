/**
 * kill -9 under load: engine, gateway and Postgres one after another, while every run is unfinished. All runs complete, no effect
 * is missing, no stored result changes, and a step runs again only if a kill hit it: at most kills x calls in flight.
 * Long form: CRASH_RUNS=300 CRASH_KILLS=10 (kills of each).
 */
import { eventType, staticSchema } from "inngest";
import { expect, test } from "vitest";
import { startApp } from "./support/app.ts";
import { openHouse, type Victim } from "./support/house-of-cards.ts";
import { eventually } from "./support/wait.ts";

const RUNS = Number(process.env["CRASH_RUNS"] ?? 40);
const KILLS = Number(process.env["CRASH_KILLS"] ?? 1);
const VICTIMS: Victim[] = ["engine", "gateway", "postgres"];

const prepare = `
  create table public.effects (id bigint generated always as identity primary key, run int not null, step text not null);
  create function public.take_effect(p_run int, p_step text) returns bigint language sql set search_path = '' as
    'insert into public.effects (run, step) values (p_run, p_step) returning id';
  grant all on public.effects to service_role;
  grant execute on function public.take_effect to service_role;`;

type Go = { n: number };
type Call = { steps: Record<string, unknown>; ctx: { run_id: string } };

test("runs survive kill -9 of engine, gateway and Postgres", { timeout: 900_000 }, async () => {
  const house = await openHouse(prepare);
  const take = async (run: number, step: string): Promise<number> => {
    const response = await fetch(`${house.gatewayUrl}/rest/v1/rpc/take_effect`, {
      method: "POST",
      headers: { apikey: house.secretKey, "content-type": "application/json" },
      body: JSON.stringify({ p_run: run, p_step: step }),
      signal: AbortSignal.timeout(10_000),
    });
    if (!response.ok) throw new Error(`the gateway answered ${response.status}`);
    return (await response.json()) as number;
  };

  /** The results of steps as the engine reports them: once reported, a result must never change. */
  const memoised = new Map<string, string>();
  const changed: string[] = [];
  const checkMemory = (call: Call) => {
    for (const [step, result] of Object.entries(call.steps)) {
      const at = `${call.ctx.run_id}/${step}`;
      const now = JSON.stringify(result);
      const before = memoised.get(at) ?? now;
      memoised.set(at, now);
      if (before !== now) changed.push(`${at}: ${before}, then ${now}`);
    }
  };

  const taken = new Map<string, number>();
  const ready = new Set<number>();
  let killing = true;
  let inFlight = 0;
  let mostInFlight = 0;

  const app = await startApp(
    house.engineUrl,
    ({ inngest, on }) => [
      inngest.createFunction(
        {
          id: "survivor",
          retries: 20,
          triggers: [eventType(on("go").name, { schema: staticSchema<Go>() })],
        },
        async ({ event, step }) => {
          const run = event.data.n;
          const effect = async (name: string) => {
            const id = await step.run(name, () => take(run, name));
            taken.set(`${run}/${name}`, id);
            return id;
          };
          await effect("open");
          // Rounds until the kills are over; the decision is a step, so that replays agree.
          for (let round = 0; await step.run(`go-on-${round}`, () => killing); round++) {
            await Promise.all([effect(`left-${round}`), effect(`right-${round}`)]);
            await step.sleep(`rest-${round}`, "1s");
          }
          await step.run("ready", () => void ready.add(run));
          await step.waitForEvent("release", { event: on("release").name, timeout: "1h", match: "data.n" });
          return effect("close");
        },
      ),
    ],
    {
      intercept: async (request) => {
        if (request.method !== "POST") return undefined;
        inFlight++;
        mostInFlight = Math.max(mostInFlight, inFlight);
        checkMemory((await request.clone().json()) as Call);
        return undefined;
      },
      answered: ({ method }) => {
        if (method === "POST") inFlight--;
      },
    },
  );

  const ids = await app.engine.sendAll(
    Array.from({ length: RUNS }, (_, n) => ({ name: app.name("go"), data: { n } })),
  );
  await eventually("every run under way", () => taken.size >= RUNS, { timeoutMs: 120_000 });
  for (let kill = 0; kill < KILLS; kill++) {
    for (const victim of VICTIMS) {
      const before = taken.size;
      await house.kill(victim);
      // The next kill comes when work continues.
      await eventually(`work after the death of ${victim}`, () => taken.size > before + RUNS / 2, {
        timeoutMs: 120_000,
      });
    }
  }
  killing = false;

  await eventually("every run at its last wait", () => ready.size === RUNS, {
    timeoutMs: 240_000,
    seen: () => ready.size,
  });
  const waiting = new Map(ids.map((id, n) => [id, n]));
  await eventually(
    "every run ended",
    async () => {
      for (const [id] of waiting) {
        const [run] = await app.engine.runs(id);
        if (run?.status === "Completed") waiting.delete(id);
        else if (run?.status === "Failed") throw new Error(`a run failed: ${JSON.stringify(run.output)}`);
      }
      if (waiting.size === 0) return true;
      // Sent again for runs that had not reached their wait yet, because they miss an earlier event.
      await app.engine.sendAll(
        [...waiting.values()].map((n) => ({ name: app.name("release"), data: { n } })),
      );
      return false;
    },
    { timeoutMs: 240_000, seen: () => waiting.size },
  );

  expect(changed).toEqual([]);
  const rows = await house.query<{ at: string; times: number }>(
    `select run || '/' || step as at, count(*)::int as times from public.effects group by 1`,
  );
  const effects = new Set(rows.map(({ at }) => at));
  expect([...taken.keys()].filter((at) => !effects.has(at))).toEqual([]);
  expect([...effects].filter((at) => at.endsWith("/close"))).toHaveLength(RUNS);

  const twice = rows.reduce((sum, { times }) => sum + times - 1, 0);
  const kills = KILLS * VICTIMS.length;
  if (KILLS > 1) {
    const summary = { runs: RUNS, kills, steps: taken.size, twice, mostInFlight };
    process.stdout.write(`${JSON.stringify(summary)}\n`);
  }
  expect(twice).toBeLessThanOrEqual(kills * mostInFlight);
  await app.close();
  await house.close();
});
