import type { Activity } from "./activity.ts";
import type { Clock } from "./clock.ts";
import { durationOf } from "./duration.ts";
import type { AppAnswer, AppRequest, Transport } from "./transport.ts";

/** Faults in the calls between engine and app, for tests. */
type Fault = {
  kind: "drop-request" | "drop-answer" | "delay" | "answer" | "crash";
  /** Only calls of this function are affected. */
  functionId?: string;
  times: number;
  delayMs?: number;
  answer?: { status: number; body: string };
};
type Which = { functionId?: string; times?: number };

export class Faults {
  private readonly clock: Clock;
  private readonly activity: () => Activity;
  private readonly crashed: () => Promise<void>;
  private readonly faults: Fault[] = [];
  calls = 0;

  constructor(clock: Clock, activity: () => Activity, crashed: () => Promise<void>) {
    this.clock = clock;
    this.activity = activity;
    this.crashed = crashed;
  }

  /** The app does not receive the call. */
  dropRequest({ times = 1, ...which }: Which = {}): void {
    this.faults.push({ kind: "drop-request", times, ...which });
  }

  /** The app does the work, but its answer is lost, as in a crash between effect and answer. */
  dropAnswer({ times = 1, ...which }: Which = {}): void {
    this.faults.push({ kind: "drop-answer", times, ...which });
  }

  /** Delays the call to the app by this duration. */
  delay(duration: string, { times = 1, ...which }: Which = {}): void {
    this.faults.push({ kind: "delay", delayMs: durationOf(duration), times, ...which });
  }

  /** Answers instead of the app, as a proxy does when the app is down. */
  answer(status: number, body: string, { times = 1, ...which }: Which = {}): void {
    this.faults.push({ kind: "answer", answer: { status, body }, times, ...which });
  }

  /** The engine dies after the app has done the work, and a new engine continues from what was committed. */
  crash({ times = 1, ...which }: Which = {}): void {
    this.faults.push({ kind: "crash", times, ...which });
  }

  around(transport: Transport): Transport {
    return async (request) => {
      if (request.method !== "POST") return transport(request);
      this.calls += 1;
      const fault = this.take(request);
      if (fault?.kind === "drop-request") throw new Error("connection refused (injected)");
      if (fault?.answer) return proxyAnswer(fault.answer);
      if (fault?.delayMs !== undefined) await this.sleep(fault.delayMs);
      const answer = await transport(request);
      if (fault?.kind === "crash") await this.crashed();
      if (fault?.kind === "drop-answer") throw new Error("connection reset (injected)");
      return answer;
    };
  }

  private take({ url }: AppRequest): Fault | undefined {
    const functionId = new URL(url).searchParams.get("fnId") ?? "";
    const fault = this.faults.find(
      (fault) =>
        fault.times > 0 &&
        (fault.functionId === undefined ||
          functionId === fault.functionId ||
          functionId.endsWith(`-${fault.functionId}`)),
    );
    if (fault) fault.times -= 1;
    return fault;
  }

  private async sleep(ms: number): Promise<void> {
    const resume = this.activity().pause();
    await new Promise<void>((resolve) => this.clock.at(this.clock.now() + ms, resolve));
    resume();
  }
}

const proxyAnswer = ({ status, body }: { status: number; body: string }): AppAnswer => ({
  status,
  body,
  header: () => undefined,
});
