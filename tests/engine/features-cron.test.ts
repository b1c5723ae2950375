/** On a real server a schedule takes a minute of waiting. The test kit moves the clock (time-schedules.test.ts). */
import { cron } from "inngest";
import { expect, test } from "vitest";
import { engineSuite } from "./support/suite.ts";
import { eventually } from "./support/wait.ts";

const { start, engine } = await engineSuite();

test.runIf(engine.isReal)(
  "a schedule starts its function with the time at which it was due",
  { timeout: 150_000 },
  async () => {
    const seen: object[] = [];
    const app = await start(({ inngest }) => [
      inngest.createFunction({ id: "minutely", retries: 0, triggers: [cron("* * * * *")] }, ({ event }) => {
        seen.push(event);
      }),
    ]);
    const [tick] = await eventually("a tick", () => seen.length > 0 && seen, { timeoutMs: 130_000 });
    expect(tick).toMatchObject({ name: "inngest/scheduled.timer", data: { cron: "* * * * *" } });
    await app.deploy(() => []);
  },
);
