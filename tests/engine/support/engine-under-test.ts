/**
 * The engine under test. With INNGEST_DEV=<url> it is a running server (the real Inngest Dev Server, started with
 * `--retry-interval 1`); without it the suite starts the local engine as a process. The tests know only its address, so
 * the same files test both.
 */
import { startProcess } from "./processes.ts";

export type EngineUnderTest = { url: string; isReal: boolean; close: () => Promise<void> };

export async function engineUnderTest(): Promise<EngineUnderTest> {
  const url = process.env["INNGEST_DEV"];
  if (url !== undefined) return { url, isReal: true, close: () => Promise.resolve() };
  const engine = await startProcess("engine", ["--port", "0", "--retry-interval", "1"]);
  return { url: engine.url, isReal: false, close: () => engine.kill("SIGTERM") };
}
