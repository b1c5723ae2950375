/** The setup of every feature file: one engine for the file, any number of apps, all closed at the end. */
import { afterAll, vi } from "vitest";
import { type AppOptions, type Functions, startApp, type TestApp } from "./app.ts";
import { type EngineUnderTest, engineUnderTest } from "./engine-under-test.ts";

export type Suite = {
  engine: EngineUnderTest;
  start: (functions: Functions, options?: AppOptions) => Promise<TestApp>;
};

export async function engineSuite(): Promise<Suite> {
  // The tests of a file mostly wait (for a retry, a timer), so they run concurrently.
  vi.setConfig({ maxConcurrency: 40, testTimeout: 240_000 });
  const engine = await engineUnderTest();
  const apps: TestApp[] = [];
  afterAll(async () => {
    await Promise.all(apps.map((app) => app.close()));
    await engine.close();
  });
  return {
    engine,
    start: async (functions, options) => {
      const app = await startApp(engine.url, functions, options);
      apps.push(app);
      return app;
    },
  };
}

/** The ways in which an app's client may return results; every step feature must work in all of them. */
export const CHECKPOINTING = [
  ["checkpointing on", true],
  ["checkpointing off", false],
  ["checkpoints buffered", { bufferedSteps: 10, maxInterval: "1s" }],
] as const;
